"""Comparing treatments: the same questions for each, at one plain address, with gaps said in words."""

import re

import pytest
from django.test import Client

from treatments import comparison, library
from treatments.models import Treatment

pytestmark = pytest.mark.django_db

RFA, SCS, PUMP = "radiofrequency-ablation", "spinal-cord-stimulation", "baclofen-pump"
TWO = f"/compare/{RFA}/{SCS}/"
FORBIDDEN = re.compile(r"\b(best|score|recommended|diagnosis)\b", re.IGNORECASE)


def get(path, **data):
    return Client().get(path, data)


def main_of(response) -> str:
    html = response.content.decode()
    return html[html.index("<main") : html.index("</main>")]


def test_two_treatments_side_by_side(page):
    shown = page(TWO)
    assert shown.headings == ["Compare RFA and Spinal cord stimulation"]
    assert "noindex" in shown.response.content.decode()
    for question in (row.question for row in comparison.ROWS):
        assert question in shown.text


def test_every_treatment_answers_every_question_or_says_that_it_does_not():
    for treatment in library.published().treatments:
        rows = comparison.table([treatment])
        assert [row["question"] for row in rows] == [row.question for row in comparison.ROWS]
        for row in rows:
            (cell,) = row["answers"]
            assert cell["lines"] or cell["words"], f"{treatment}: {row['question']}"


def test_what_is_missing_says_so():
    bare = Treatment(can_do=["x"], common_effects=["x"], rare_serious=["x"])
    said = {row["question"]: row["answers"][0]["words"] for row in comparison.table([bare])}
    assert "Not assessed yet" in said["FDA status for this use"]
    for question in (
        "Strength of the evidence",
        "Usual insurance cover",
        "How it works",
        "What it cannot do",
        "Where it is done",
    ):
        assert said[question] == "Not documented yet"


def test_the_words_are_those_of_the_treatments_own_pages():
    words = library.published()
    one = words.treatment(RFA)
    table = main_of(get(TWO))
    own = main_of(get(one.get_absolute_url()))
    levels = (one.get_evidence_level_display(), one.get_fda_level_display(), one.get_cover_display())
    for text in (one.setting, one.visit_length, one.how_long_it_lasts, *levels, one.implant_note):
        assert text in table
        assert text in own


@pytest.mark.parametrize("path", ["/compare/", TWO])
def test_it_never_ranks_or_diagnoses(path):
    assert FORBIDDEN.findall(re.sub("<[^>]+>", " ", main_of(get(path)))) == []


def test_no_pair_of_treatments_is_ranked():
    for treatment in library.published().treatments:
        for row in comparison.table([treatment]):
            cell = row["answers"][0]
            assert FORBIDDEN.findall(cell["words"] + " ".join(cell["lines"])) == [], f"{treatment}: {row['question']}"


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ({"t": [SCS, RFA, ""], "go": "1"}, TWO),
        ({"t": [RFA, RFA, SCS]}, TWO),
        ({"t": [PUMP, RFA, SCS]}, f"{TWO}baclofen-pump/"),
        ({"t": [SCS, RFA, "prp", PUMP]}, f"/compare/prp/{RFA}/{SCS}/"),
    ],
)
def test_the_form_leads_to_one_plain_address(asked, leads_to):
    response = get("/compare/", **asked)
    assert (response.status_code, response.url) == (302, leads_to)
    assert get(leads_to).status_code == 200


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        (f"/compare/{SCS}/{RFA}/", TWO),
        (f"/compare/{RFA}/{SCS}/{RFA}/", TWO),
        (f"/compare/{RFA}/no-longer-here/{SCS}/", TWO),
        (f"/compare/{RFA}/no-longer-here/", f"/compare/?t={RFA}"),
        ("/compare/no/nothing/", "/compare/"),
    ],
)
def test_every_other_address_leads_to_the_right_one(path, leads_to):
    assert get(path).url == leads_to


def test_one_can_be_taken_out_and_another_chosen():
    three = main_of(get(f"{TWO}baclofen-pump/"))
    for without in (TWO, f"/compare/{RFA}/{PUMP}/", f"/compare/{SCS}/{PUMP}/"):
        assert f'href="{without}"' in three
    assert f'href="/compare/?t={RFA}"' in main_of(get(TWO))
    assert f'<option value="{RFA}" selected>' in main_of(get("/compare/", t=RFA))


@pytest.mark.parametrize(("asked", "is_told"), [({"t": RFA}, False), ({"t": [RFA, RFA], "go": "1"}, True), ({}, False)])
def test_who_has_chosen_too_few_is_told(asked, is_told):
    assert ("Choose two treatments" in main_of(get("/compare/", **asked))) is is_told


def test_it_is_found_from_the_treatments_and_stores_nothing(django_assert_num_queries):
    client = Client()
    own = library.published().treatment(RFA).get_absolute_url()
    assert f'href="/compare/?t={RFA}"' in client.get(own).content.decode()
    assert 'href="/compare/"' in client.get("/treatments/").content.decode()
    with django_assert_num_queries(1):
        response = client.get(TWO)
    assert not response.cookies
