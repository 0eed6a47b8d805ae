"""The visit sheet: the questions of chosen treatments and the list of the page on preparing, in one place."""

import re

import pytest
from django.test import Client

from tests.pages import read
from treatments import library, prose, visit
from treatments.models import InfoPage, Treatment
from treatments.publishing import publish

pytestmark = pytest.mark.django_db

RFA, SCS, PRP = "radiofrequency-ablation", "spinal-cord-stimulation", "prp"
THREE = f"/visit/?t={RFA}&t={SCS}&t={PRP}"


def checked(shown) -> list[str]:
    return re.findall(r'value="([\w-]+)" checked', shown.response.content.decode())


def test_every_published_treatment_can_be_chosen(page):
    html = page("/visit/").response.content.decode()
    assert re.findall(r'name="t" value="([\w-]+)"', html) == [one.slug for one in library.published().treatments]


def test_the_sheet_has_the_questions_of_those_chosen_in_the_order_of_the_ladder(page):
    shown = page(THREE)
    assert checked(shown) == [PRP, RFA, SCS]
    assert shown.title.startswith("Visit sheet: PRP, RFA and Spinal cord stimulation |")
    words = library.published()
    for treatment in words.treatments:
        for question in treatment.questions:
            assert (prose.plain(question) in shown.blocks) is any(
                question in words.treatment(slug).questions for slug in (PRP, RFA, SCS)
            )
    names = [shown.blocks.index(words.treatment(slug).name) for slug in (PRP, RFA, SCS)]
    assert names == sorted(names)


def test_what_to_bring_and_what_anybody_could_ask_are_those_of_the_page_on_preparing(page):
    shown, prepared = page("/visit/"), page("/prepare/")
    own = [block for block in prepared.blocks if f"- {block}" in library.published().page("prepare").body.split("\n")]
    assert len(own) > 20
    assert set(own) <= set(shown.blocks)
    order = [shown.blocks.index(one) for one in ("Questions to ask", "Questions you could ask", "What to bring")]
    assert order == sorted(order)


def test_staff_may_name_and_order_the_sections_as_they_like(page):
    prepare = InfoPage.objects.get(slug="prepare")
    prepare.body = (
        "Words before.\n\n## Good to ask\n\n- Why?\n- What if it fails?\n\n## In your bag\n\n- A **pen**\n- Why not?"
    )
    prepare.save()
    publish(prepare, reason="test")
    bring, ask = visit.preparation(library.published())
    assert [one["heading"] for one in ask] == ["Good to ask"]
    assert [one["heading"] for one in bring] == ["", "In your bag"]
    assert page("/visit/").says("^A pen$")


@pytest.mark.parametrize("bad", ["\0", "x" * 1_000_000, "🦴", "عربي", "<script>", "../../etc", "' OR 1=1 --"])
def test_what_is_no_treatment_is_ignored(bad):
    response = Client().get("/visit/", {"t": [bad, RFA]})
    assert response.status_code == 200
    shown = read(response)
    assert shown.title.startswith("Visit sheet: RFA |")
    assert bad not in response.content.decode() or bad in Client().get("/visit/").content.decode()


def test_too_many_names_are_refused():
    assert Client().get("/visit/", {"t": ["x"] * 5000}).status_code == 400


def test_diary_and_body_stand_on_every_sheet(page):
    shown = page("/visit/")
    html = shown.response.content.decode()
    assert re.findall(r'<th scope="row"><span class="sr">Day </span>(\d)', html) == list("1234567")
    for word in ("burning", "aching", "numb", "stabbing"):
        assert word in shown.text
    assert 'role="img" aria-label="The outline of a body, from the front and from the back"' in html


def test_it_is_found_where_one_reads_and_compares_and_stores_nothing(django_assert_num_queries):
    client = Client()
    words = library.published()
    assert f'href="/visit/?t={RFA}"' in client.get(words.treatment(RFA).get_absolute_url()).content.decode()
    compared = client.get(f"/compare/{RFA}/{SCS}/").content.decode()
    assert f'href="/visit/?t={RFA}&amp;t={SCS}"' in compared
    assert 'href="/visit/"' in client.get("/prepare/").content.decode()
    with django_assert_num_queries(1):
        response = client.get(THREE)
    assert not response.cookies
    assert "noindex" in response.content.decode()
    assert "noindex" not in client.get("/visit/").content.decode()


def test_every_treatment_has_questions_to_ask():
    assert all(Treatment.objects.values_list("questions", flat=True))
