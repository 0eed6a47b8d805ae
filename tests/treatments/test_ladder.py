"""The ladder and the honest status: every option with its place in a usual order, and how sure we are of each."""

import datetime
import re

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse

from tests.factories import make_user
from treatments import checks, comparison, library, publishing, schema, status
from treatments.models import InfoPage, Treatment

pytestmark = pytest.mark.django_db

RFA, BLOCK, PT = "radiofrequency-ablation", "facet-medial-branch-block", "physical-therapy"


@pytest.fixture
def words():
    return library.from_files(settings.CONTENT_DIR)


def changed(words, slug, **values):
    record = next(one for one in words.records(Treatment) if one["slug"] == slug)
    return words.with_record("treatment", words.treatment(slug).pk, {**record, **values})


def slugs(treatments):
    return [one.slug for one in treatments]


# -- The usual order ----------------------------------------------------------------------------------


def test_what_comes_after_is_the_reverse_of_what_comes_before(words):
    for one in words.treatments:
        for other in words.treatments:
            if one in other.linked.tried_before and other.linked.family not in one.linked.later:
                is_operation = other.reach == Treatment.Reach.OPERATION
                assert (other in one.linked.later) is not is_operation, f"{one} after {other}"
    assert slugs(words.treatment(RFA).linked.usually_before) == [BLOCK]
    assert slugs(words.treatment(BLOCK).linked.later) == [RFA]


def test_nothing_that_comes_before_stands_higher_on_the_ladder(words):
    for later in words.treatments:
        for earlier in later.linked.usually_before:
            assert words.treatments.index(earlier) < words.treatments.index(later), f"{earlier} before {later}"


def test_a_procedure_without_an_order_of_its_own_has_that_of_its_family(words):
    words = changed(words, "prp", tried_before=[])
    assert slugs(words.treatment("prp").linked.usually_before) == [PT]
    words = changed(words, "prp", tried_before=["hbot"])
    assert slugs(words.treatment("prp").linked.usually_before) == ["hbot"]
    assert "prp" in slugs(words.treatment("hbot").linked.later)


def test_no_operation_comes_by_and_by(words):
    assert slugs(words.treatment("revision-surgery").linked.usually_before)
    assert "revision-surgery" not in {slug for one in words.treatments for slug in slugs(one.linked.later)}
    assert slugs(words.treatment(RFA).linked.later) == []


def test_an_order_that_leads_back_cannot_be_published(words):
    label = "The usual order has a beginning"
    for before in ([BLOCK], [RFA]):
        wrong = changed(words, BLOCK, tried_before=before)
        content = wrong.treatment(BLOCK)
        blocked = [one.label for one in checks.blocking(checks.checklist(content, wrong, signed=True))]
        assert blocked == [label]


def test_what_is_not_public_is_left_out_of_the_order_and_stops_nothing():
    block = Treatment.objects.get(slug=BLOCK)
    publishing.retire(block, by=None, reason="test")
    rfa = library.published().treatment(RFA)
    assert rfa.linked.missing == []
    assert slugs(rfa.linked.usually_before) == slugs(rfa.linked.family.linked.usually_before)


def test_the_ladder_tells_of_every_option_what_comes_before_and_after(page):
    shown = page("/treatments/")
    words = library.published()
    assert shown.says("in order of how far each one enters the body", "an order, not a rule")
    html = shown.response.content.decode()
    places = [html.index(f'id="{one.slug}"') for one in (words.no_treatment, *words.treatments)]
    assert places == sorted(places)
    for one, start, end in zip(words.treatments, places[1:], [*places[2:], len(html)], strict=True):
        part = html[start:end]
        assert f'name="t" value="{one.slug}"' in part
        assert part.index("Usually tried before this") < part.index("May come up later")
        for other in (*one.linked.usually_before, *one.linked.later):
            assert f'href="{other.get_absolute_url()}"' in part, f"{one}: {other}"
        for note in (one.reach_words, one.test_first_note, one.reversible_note):
            assert note in part, f"{one}: {note}"


def test_each_page_tells_the_order_that_the_ladder_tells(page):
    for one in library.published().treatments:
        shown = page(one.get_absolute_url())
        assert "A usual order, not a rule" in shown.blocks
        for other in (*one.linked.usually_before, *one.linked.later):
            assert other.get_absolute_url() in shown.links
        assert f"/treatments/#{one.slug}" in shown.links


def test_what_is_ticked_on_the_ladder_is_compared(client):
    html = client.get("/treatments/").content.decode()
    assert f'<form action="{reverse("compare")}">' in html
    response = client.get("/compare/", {"t": [PT, RFA], "go": "1"})
    assert response.url == f"/compare/{PT}/{RFA}/"


# -- No further treatment -----------------------------------------------------------------------------


def test_no_further_treatment_is_an_option_beside_every_other(page):
    address = "/no-further-treatment/"
    words = library.published()
    others = ["/", "/treatments/", "/compare/", *(one.get_absolute_url() for one in words.treatments)]
    for url in others:
        assert address in page(url).links, url


def test_it_says_what_is_good_and_what_is_hard_with_equal_weight(page):
    shown = page("/no-further-treatment/")
    good, hard = (shown.blocks.index(f"What may be {one} about it") for one in ("good", "hard"))
    after = shown.blocks.index("Living well meanwhile")
    sizes = [len(" ".join(part)) for part in (shown.blocks[good:hard], shown.blocks[hard:after])]
    assert 0.7 < sizes[0] / sizes[1] < 1.4
    assert hard - good == after - hard
    assert shown.says("ease", "same", "worse")
    assert {"/urgent/", "/compare/", "/evaluation/"} <= set(shown.links)


def test_the_site_cannot_lose_it():
    content = InfoPage.objects.get(slug=InfoPage.NO_TREATMENT)
    with pytest.raises(publishing.RefusedError, match="cannot do without"):
        publishing.retire(content, by=None, reason="test")


# -- The honest status --------------------------------------------------------------------------------


def box(page, treatment):
    """What a treatment's page says of how sure we are: of its evidence, of the FDA and of cover."""
    html = page(treatment.get_absolute_url()).response.content.decode()
    boxes = re.findall(r'<div class="status flow">(.*?)</div>', html, re.DOTALL)
    assert len(boxes) == 3, treatment
    return "".join(boxes)


def test_every_treatment_shows_its_status_with_date_and_source_or_says_that_there_is_none(page):
    for treatment in library.published().treatments:
        shown = box(page, treatment)
        for one in status.of(treatment):
            assert all(text in shown for text in (one.title, one.level, one.meaning)), treatment
        dated = [one for one in status.of(treatment) if one.on]
        sourced = [one for one in status.of(treatment) if one.sources]
        assert shown.count("No date yet.") == 3 - len(dated)
        assert shown.count("No source named yet.") == 3 - len(sourced)
        for source in (source for one in sourced for source in one.sources):
            assert f'href="#source-{source.slug.lower()}"' in shown


def test_the_statuses_that_the_sources_tell(words):
    assert {one.slug: one.fda_level for one in words.treatments} == {
        "physical-therapy": "needs no approval",
        "restoring-mobility": "needs no approval",
        "scar-tissue-release": "needs no approval",
        "muscle-retraining": "needs no approval",
        "medication": "part of this use",
        "non-opioid-medicines": "part of this use",
        "avoiding-long-term-opioids": "needs no approval",
        "hbot": "another use",
        "regenerative": "another use",
        "prolotherapy": "another use",
        "prp": "another use",
        "interventional": "part of this use",
        "epidural-steroid-injection": "another use",
        "facet-medial-branch-block": "part of this use",
        "radiofrequency-ablation": "this use",
        "sacroiliac-joint": "part of this use",
        "spinal-cord-stimulation": "this use",
        "baclofen-pump": "part of this use",
        "revision-surgery": "part of this use",
    }
    for one in words.treatments:
        # Care by a person needs no approval, and so there may be nothing to point to.
        assert one.linked.fda_sources or one.fda_level == "needs no approval", one
        assert one.cover != "not assessed", one


def test_staff_can_give_a_date_that_is_not_to_come(page):
    treatment = Treatment.objects.get(slug="hbot")
    today = library.published().today
    treatment.fda_on = today + datetime.timedelta(days=2)
    with pytest.raises(ValidationError, match="still to come"):
        treatment.full_clean()
    treatment.fda_on = datetime.date(2026, 11, 24)
    treatment.evidence_on = treatment.cover_on = None
    treatment.full_clean()
    treatment.save()
    publishing.publish(treatment, reason="test")
    shown = box(page, library.published().treatment("hbot"))
    assert "Assessed: November 24, 2026." in shown
    assert shown.count("No date yet.") == 2


def test_each_level_has_a_meaning_and_the_sources_page_tells_it(page):
    told = page("/sources/")
    for field, meanings in status.MEANINGS.items():
        choices = dict(Treatment._meta.get_field(field).choices)
        assert set(meanings) == set(choices), field
        for value, meaning in meanings.items():
            assert f"{choices[value]}. {meaning}" in told.blocks, field


def test_a_comparison_shows_the_same_levels():
    for treatment in library.published().treatments:
        rows = {row["question"]: row["answers"][0]["words"] for row in comparison.table([treatment])}
        for one in status.of(treatment):
            assert one.level in rows[one.title], treatment


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        (
            {"evidence_on": None, "fda_on": None, "cover_on": None},
            "Fill in “Evidence assessed on” and “FDA assessed on” and “Cover assessed on”.",
        ),
        (
            {"fda_sources": [], "fda_on": None, "cover_on": None},
            "“FDA assessed on” and “Cover assessed on” and “FDA sources”",
        ),
        ({"fda_level": "", "fda_on": None, "fda_sources": []}, ""),
        ({}, ""),
    ],
)
def test_the_checklist_asks_for_dates_and_sources_of_what_was_assessed(words, values, advice):
    words = changed(words, "hbot", **values)
    found = {one.label: one for one in checks.checklist(words.treatment("hbot"), words, signed=True)}
    check = found["The status has dates and sources"]
    assert not check.blocks
    assert check.passed is not bool(advice)
    assert advice in check.detail


def test_words_signed_before_there_was_a_status_stay_signed(words):
    record = next(one for one in words.records(Treatment) if one["slug"] == "revision-surgery")
    added = {"tried_before", *(f"{one}_{what}" for one in ("evidence", "fda", "cover") for what in ("on", "sources"))}
    before = {name: value for name, value in record.items() if name not in {*added, "fda_level"}}
    now = {**before, **{name: None if name.endswith("_on") else [] for name in added}, "fda_level": ""}
    assert schema.clinical_fingerprint("treatment", before) == schema.clinical_fingerprint("treatment", now)


def test_a_page_says_when_its_order_is_told_by_words_that_nobody_signed(page):
    """Who signed a block did not sign that RFA may come after it; the page of RFA says so."""
    waits = "Other pages tell part of this order, and they await medical review."
    block, reviewer = library.published().treatment(BLOCK), make_user(role="medical reviewer")
    assert not page(block.get_absolute_url()).says(waits), "a page that waits for review itself says that alone"
    for one in (block, *library.published().pieces(block)):
        publishing.sign(publishing.published_version(one), by=reviewer)
    assert page(block.get_absolute_url()).says("Medically reviewed by")
    assert page(block.get_absolute_url()).says(waits)
    for one in Treatment.objects.filter(slug__in=[RFA, "interventional"]):
        publishing.sign(publishing.published_version(one), by=reviewer)
    assert not page(block.get_absolute_url()).says(waits)
