"""Two or three treatments side by side: the same plain questions, answered by the fields that their own pages show."""

from collections.abc import Callable
from typing import NamedTuple

from django.urls import reverse

from treatments import prose, status
from treatments.models import Treatment

MOST = 3
"""More columns are too narrow to read."""
MISSING = "Not documented yet"
"""What is missing says so: a row never goes away."""


class Row(NamedTuple):
    question: str
    answer: Callable[[Treatment], str | list[str]]
    """Gives HTML, or the HTML of each item of a list; empty when nothing is documented."""


def _text(name):
    return lambda treatment: prose.render_inline(getattr(treatment, name))


def _prose(name):
    return lambda treatment: prose.render(getattr(treatment, name))


def _list(name):
    return lambda treatment: [prose.render_inline(item) for item in getattr(treatment, name)]


def _level(field, *, told_by=""):
    """Answer by the level of a status, and by the field that tells of it, else by what the level means."""

    def answer(treatment):
        level, meaning = status.level(treatment, field)
        told = getattr(treatment, told_by) if told_by else ""
        return level and prose.render(f"**{level}.** {told or meaning}")

    return answer


def _with_note(name):
    """Answer by a choice, or by yes and no, and by what there is to say about it."""

    def answer(treatment):
        chosen = getattr(treatment, name)
        if isinstance(chosen, str):
            chosen = getattr(treatment, f"get_{name}_display")()
        words = {True: "Yes", False: "No", None: ""}.get(chosen, chosen)
        return prose.render_inline(". ".join(filter(None, [words, getattr(treatment, f"{name}_note")])))

    return answer


# Benefit and risk are told with equal weight, as on a treatment's own page.
ROWS = (
    Row("What it can do", _list("can_do")),
    Row("What it cannot do", _list("cannot_do")),
    Row("Common effects", _list("common_effects")),
    Row("Serious harm", _list("rare_serious")),
    Row("How it works", _prose("how_it_works")),
    Row("How it reaches you", _text("reach_words")),
    Row("Where it is done", _text("setting")),
    Row("Time for a visit", _text("visit_length")),
    Row("Awake or asleep", _text("anesthesia")),
    Row("Back to light tasks", _text("downtime")),
    Row("May start to help", _text("when_it_starts")),
    Row("How long it may last", _text("how_long_it_lasts")),
    Row("Medicine in it", _with_note("medicine")),
    Row("Can it be tried first?", _with_note("test_first")),
    Row("Can it be undone?", _with_note("reversible")),
    Row("Implant, and MRI", _with_note("implant")),
    Row("Strength of the evidence", _level("evidence_level")),
    Row("FDA status for this use", _level("fda_level", told_by="fda_status")),
    Row("Usual insurance cover", _level("cover")),
    Row("Questions to ask", _list("questions")),
)


def table(treatments: list[Treatment]) -> list[dict]:
    """Return the rows of the comparison, each with the answer of every treatment in their order."""
    return [
        {
            "question": row.question,
            "answers": [_cell(one, row.answer(one)) for one in treatments],
        }
        for row in ROWS
    ]


def _cell(treatment, answer):
    listed = answer if isinstance(answer, list) else []
    return {"treatment": treatment, "lines": listed, "words": "" if listed else answer or MISSING}


def chosen(slugs, library) -> list[Treatment]:
    """Return the first three published treatments among these names, each once, in the order of the ladder."""
    named = [slug for slug in dict.fromkeys(slugs) if library.treatment(slug)][:MOST]
    return [one for one in library.treatments if one.slug in named]


def address(treatments: list[Treatment]) -> str:
    """Return the address of a comparison, which can be shared: the same treatments always have the same one.

    Fewer than two lead to the page where one chooses, with those chosen.
    """
    slugs = [one.slug for one in treatments]
    if len(slugs) > 1:
        return reverse(f"compare_{len(slugs)}", args=slugs)
    return reverse("compare") + "".join(f"?t={slug}" for slug in slugs)
