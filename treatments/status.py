"""What we know of a treatment: evidence, FDA and insurance, each in plain words, with its date and its sources."""

import datetime
from typing import NamedTuple

from treatments.models import Reference, Treatment

Evidence, Fda, Cover = Treatment.Evidence, Treatment.FdaLevel, Treatment.Cover

# The page "Our sources" explains the levels in these very sentences.
MEANINGS = {
    "evidence_level": {
        Evidence.STRONG: "Good studies mostly agree, at least for the use we name.",
        Evidence.MIXED: "Good sources disagree, or it helps in some uses and not in others.",
        Evidence.LIMITED: "There are only a few studies, or they are small or weak.",
        Evidence.EARLY: "Research has just begun. The answer could change either way.",
        Evidence.UNKNOWN: "We have not given a label yet.",
    },
    "fda_level": {
        Fda.FOR_THIS: "The FDA has looked at this use and allows it.",
        Fda.FOR_PART: "The FDA allows it for some problems on the page, not for all. Ask if yours is one.",
        Fda.FOR_OTHER: "The FDA allows the medicine or device for other problems. This use is off-label.",
        Fda.NONE: "The FDA has not approved it for any use.",
        Fda.NEEDS_NONE: "It is a kind of care that the FDA does not have to approve.",
        Fda.UNKNOWN: "We have not looked into this yet. You can ask us.",
    },
    "cover": {
        Cover.USUAL: "Plans usually pay for it. Ask yours what you would owe.",
        Cover.LIMITS: "Plans often pay for a set number of visits. Ask how many.",
        Cover.APPROVAL: "Many plans must say yes first. Ask what yours needs to see.",
        Cover.SELDOM: "Many plans do not pay. Get the full price in writing first.",
        Cover.UNKNOWN: "We have not looked into this yet. Ask your plan.",
    },
}


class Status(NamedTuple):
    """One line of the box. The date and the sources may be missing, which pages say."""

    name: str
    title: str
    level: str
    meaning: str
    on: datetime.date | None
    sources: list[Reference]


def level(treatment: Treatment, field: str) -> tuple[str, str]:
    """Return the level that a treatment has in one of the three fields, and what it means; empty without a level."""
    meaning = MEANINGS[field].get(getattr(treatment, field), "")
    return getattr(treatment, f"get_{field}_display")(), meaning


def of(treatment: Treatment) -> list[Status]:
    """Return the status of a treatment of the library."""
    aspects = (
        ("evidence", "Strength of the evidence", "evidence_level"),
        ("fda", "FDA status for this use", "fda_level"),
        ("cover", "Usual insurance cover", "cover"),
    )
    return [
        Status(
            name,
            title,
            *level(treatment, field),
            getattr(treatment, f"{name}_on"),
            getattr(treatment.linked, f"{name}_sources"),
        )
        for name, title, field in aspects
    ]
