"""What changed on the site, told to patients: what was published and signed, and nothing of how it came about."""

import datetime
import re
from xml.etree import ElementTree

import pytest
import time_machine
from django.test import Client

from tests.factories import make_user
from treatments import library, publishing
from treatments.models import FaqItem, SafetyNotice, Treatment
from treatments.publishing import publish, published_version, retire

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
LATER = datetime.datetime(2031, 3, 3, 2, 30, tzinfo=datetime.UTC)  # the evening before in New York


@pytest.fixture
def later():
    with time_machine.travel(LATER):
        yield


@pytest.fixture
def prp():
    return Treatment.objects.get(slug="prp")


def change(content, **words):
    for name, value in words.items():
        setattr(content, name, value)
    content.save()
    return publish(content, reason="an internal reason")


def told(page) -> list[str]:
    """What the newest day says, block by block."""
    blocks = page("/changes/").blocks
    return blocks[blocks.index("March 2, 2031") :]


def entries() -> list[dict]:
    tree = ElementTree.fromstring(Client().get("/changes/feed/").content)  # noqa: S314 - our own
    return [
        {part.tag.removeprefix(ATOM): part.text or part.attrib for part in one} for one in tree.iter(f"{ATOM}entry")
    ]


def test_at_first_every_page_is_new(page):
    shown = page("/changes/")
    words = library.published()
    for one in (*words.pages, *words.treatments):
        assert shown.links.count(one.get_absolute_url()) >= 1
    assert shown.says("New pages")
    assert "New words" not in shown.text
    assert {entry["summary"] for entry in entries()} == {"First published."}


def test_new_words_are_told_by_the_part_they_stand_in(page, later, prp):
    change(prp, insurance="Other words.", rare_serious=["Another risk."], position=prp.position + 5)
    assert "Platelet-rich plasma (PRP) New words: Serious harm; Insurance and cost." in " ".join(told(page)[:4])


def test_its_place_in_a_list_is_no_change(page, later, prp):
    change(prp, position=prp.position + 5, short_name="PRP shot")
    assert "March 2, 2031" not in page("/changes/").text


def test_what_pages_share_is_told_on_each_of_them(page, later):
    notice = SafetyNotice.objects.order_by("pk").first()
    showing = [one for one in library.published().treatments if notice in one.linked.notices]
    change(notice, body="Other words of the notice.")
    assert len(showing) > 1
    assert [entry["title"] for entry in entries() if notice.title in entry["summary"]] == [one.name for one in showing]


def test_a_question_is_told_by_its_present_name(page, later):
    item = FaqItem.objects.get(slug=library.published().faqs[0].slug)
    change(item, question="A question that was a mistake?")
    change(item, question="Does <it> hurt?")
    text = " ".join(told(page))
    assert "Questions and answers New words: “Does <it> hurt?”." in text
    assert "mistake" not in Client().get("/changes/").content.decode()
    (entry,) = (one for one in entries() if "hurt?" in one["summary"])
    assert "Does &lt;it&gt; hurt?" in entry["summary"]


def test_a_review_is_told_as_the_page_tells_it(page, later, prp):
    reviewer = make_user(username="reviewer", first_name="Sample", last_name="Reviewer", credentials="MD (sample)")
    for content in (prp, prp.picture, *prp.notices.all()):
        assert "Medically reviewed" not in page("/changes/").text
        publishing.sign(published_version(content), by=reviewer, note="an internal note")
    assert "Platelet-rich plasma (PRP) Medically reviewed by Sample Reviewer, MD (sample)." in " ".join(told(page))
    change(prp, evidence="Other words.")
    assert "Medically reviewed" not in page("/changes/").text


def test_nothing_internal_is_told(page, later, prp):
    editor = make_user(username="editor", first_name="Edna", last_name="Editor", role="editor")
    prp.summary = "A draft that nobody may read."
    prp.save()
    publishing.keep(prp, by=editor, reason="an internal reason")
    draft_of_new = FaqItem.objects.create(slug="draft", question="A secret question?", position=999, answer="x")
    publishing.keep(draft_of_new, by=editor, reason="new")
    html = Client().get("/changes/").content.decode() + Client().get("/changes/feed/").content.decode()
    for secret in ("Edna", "internal", "nobody may read", "secret question", "March 2, 2031"):
        assert secret not in html


def test_a_page_that_was_taken_down_is_told_no_more(page, prp):
    name = prp.name
    assert name in page("/changes/").text
    retire(prp, by=make_user(), reason="test")
    assert name not in page("/changes/").text


def test_the_feed_is_valid_and_its_entries_keep_their_ids(prp, client):
    response = client.get("/changes/feed/")
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    before = entries()
    for entry in before:
        assert entry["link"]["href"].startswith("http://testserver/")
        assert datetime.datetime.fromisoformat(entry["updated"]).tzinfo
    ids = [entry["id"] for entry in before]
    assert len(set(ids)) == len(ids)
    with time_machine.travel(LATER):
        change(prp, summary="Other words.")
        after = [entry["id"] for entry in entries()]
    assert after[1:] == ids
    assert after[0] == "tag:testserver,2031-03-02:/treatments/regenerative/prp//"


def test_it_is_found_by_feed_readers():
    html = Client().get("/").content.decode()
    assert re.search(r'<link rel="alternate" type="application/atom\+xml" title="[^"]+" href="/changes/feed/">', html)


def test_it_is_made_from_memory(prp, django_assert_num_queries):
    client = Client()
    client.get("/changes/")
    for path in ("/changes/", "/changes/feed/"):
        with django_assert_num_queries(1):
            client.get(path)
    change(prp, summary="Other words.")
    library.published()
    with django_assert_num_queries(2):
        client.get("/changes/")
