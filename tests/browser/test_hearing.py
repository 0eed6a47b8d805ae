"""Warning signs in what people write, in a real browser: in a request and in the search, in English and Spanish."""

import re

import pytest
from playwright.sync_api import expect

from appointments import drafts
from appointments.models import EvaluationRequest
from tests.browser.test_every_page import scrolls_sideways, violations
from tests.flow import ANSWERS, NEEDS, URL

pytestmark = pytest.mark.usefixtures("stored")
WORDS = {
    "911": ("I cant feel when i pee since yesterday", "no puedo orinar desde ayer"),
    "988": ("I want to die", "ya no quiero vivir"),
    "er": ("fever of 102 and my back hurts more", "fiebre y dolor de espalda"),
    "same day": ("my incision is red and oozing", "la herida esta roja y supura"),
}


@pytest.fixture
def at_own_words(open_page, site, stored):
    """Open the last question as somebody who has answered all before it."""

    def open_one(**options):
        draft, token = drafts.begin()
        draft.answers = {slug: data for slug, data in ANSWERS.items() if slug != "words"}
        draft.save()
        page = open_page("/healthz", **options)
        page.context.add_cookies([{"name": drafts.COOKIE, "value": token, "url": site.address + URL}])
        page.goto(f"{URL}words/")
        return page

    return open_one


@pytest.mark.parametrize("level", WORDS)
@pytest.mark.parametrize("language", [0, 1], ids=["English", "Spanish"])
def test_each_level_in_own_words(at_own_words, level, language):
    page = at_own_words(width=390, java_script_enabled=language == 0)
    page.locator("textarea").fill(f"Tuesdays are bad. {WORDS[level][language]}.")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this happening now?")
    heading, links = NEEDS[level]
    expect(page.get_by_role("heading", level=2, name=heading)).to_be_visible()
    for link in links:
        expect(page.locator(f'main a[href="{link}"]').first).to_be_visible()
    assert "textarea" not in page.content()
    assert not scrolls_sideways(page)
    if language == 0:
        assert violations(page) == []
    page.get_by_role("button", name="I have read this and I am safe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers")
    page.get_by_label("You may store this request").check()
    page.get_by_role("button", name="Send my request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request.")
    assert EvaluationRequest.objects.get().needs_same_day_call


def test_back_and_the_button_lead_to_what_was_written(at_own_words):
    page = at_own_words(width=390)
    page.locator("textarea").fill("I want to die")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Change what I wrote").click()
    expect(page.locator("textarea")).to_have_value("I want to die")
    page.locator("textarea").fill("Mornings are best")
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(re.compile(f"{URL}check/"))


@pytest.mark.parametrize("level", WORDS)
def test_each_level_in_the_search(open_page, level):
    for words in WORDS[level]:
        page = open_page("/search/", width=390, java_script_enabled=False)
        page.locator("#q").fill(words)
        page.get_by_role("button", name="Search").click()
        for link in NEEDS[level][1]:
            expect(page.locator(f'main a[href="{link}"]').first).to_be_visible()
        expect(page.locator("#q")).to_have_value(words)
