"""DISCERN: each of its first 15 questions is answered by named fields, and their words stand on every treatment page.

The questions are put in our own words; treatments.checks names the paper.
"""

import html
import re

import pytest

from treatments import checks, library, prose

pytestmark = pytest.mark.django_db

# Several fields in one string: at least one of them has to answer.
ANSWERED_BY = {
    "Is it clear what the page is about, and for whom?": ("summary", "may_help"),
    "Does it tell what it sets out to tell?": ("how_it_works", "can_do", "cannot_do"),
    "Can readers see whether it matters to them?": ("may_help", "not_for"),
    "Are the sources named?": ("sources",),
    "Are there dates that show how fresh it is?": ("published_on",),
    "Do benefit and risk get about the same room?": ("can_do", "cannot_do", "common_effects", "rare_serious"),
    "Is there a way to read more elsewhere?": ("more_help",),
    "Does it admit what is not known?": ("evidence_level", "evidence", "fda_level"),
    "Does it explain how the treatment works?": ("how_it_works",),
    "Does it name the benefits?": ("can_do", "may_help", "how_long_it_lasts"),
    "Does it name the risks?": ("common_effects", "rare_serious"),
    "Does it say what may happen without treatment?": ("if_you_wait", "no_treatment"),
    "Does it say what daily life may be like?": ("downtime", "after later expectations living_with_it"),
    "Does it show that there are other choices?": ("related", "no_treatment"),
    "Does it help people to decide together with us?": ("questions",),
}


def answer(field: str, treatment, words) -> list[str]:
    """Return what a field says: texts that have to be on the page."""
    if field == "sources":
        return [one.title for one in treatment.linked.sources]
    if field == "related":
        return [one.name for one in treatment.linked.related]
    if field == "published_on":
        day = treatment.linked.published_on
        return [f"Published {day:%B} {day.day}, {day.year}. Awaiting medical review."]
    if field == "more_help":
        return ["MedlinePlus, NICE and the FDA", "Call or text 988"]
    if field == "no_treatment":
        return [words.no_treatment.title]
    if field.endswith("_level"):
        return [getattr(treatment, f"get_{field}_display")()]
    value = getattr(treatment, field)
    lines = value if isinstance(value, list) else value.split("\n")
    return [prose.plain(line) for line in lines if line.strip()]


def read(client, treatment) -> str:
    page = client.get(treatment.get_absolute_url()).content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    return squeezed(html.unescape(re.sub("<[^>]+>", "", main)))


def squeezed(text: str) -> str:
    """Without any space: whether there is one between two tags says nothing."""
    return "".join(text.split())


def test_the_questions_are_those_of_the_checklist():
    assert list(ANSWERED_BY) == [question for question, _ in checks.DISCERN]
    assert len(ANSWERED_BY) == 15


@pytest.mark.parametrize(("question", "fields"), ANSWERED_BY.items())
def test_every_treatment_page_answers(client, question, fields):
    words, silent = library.published(), []
    for treatment in words.treatments:
        page = read(client, treatment)
        for choice in fields:
            said = [text for field in choice.split() for text in answer(field, treatment, words)]
            missing = [text for text in said if squeezed(text) not in page]
            if missing or not said:
                silent.append(f"{treatment}: {choice}: {missing}")
    assert silent == []


def test_where_it_is_not_known_the_page_leads_to_more_help(page):
    shown = page("/treatments/hbot/")
    for link in ("/sources/#more-help-you-can-trust", "/sources/#what-our-evidence-words-mean", "tel:988", "/prepare/"):
        assert link in shown.links
    help_page = page("/sources/")
    assert {"more-help-you-can-trust", "what-our-evidence-words-mean"} <= set(help_page.ids)
    for name in ("MedlinePlus", "NICE", "FDA", "988"):
        assert help_page.says(name)
