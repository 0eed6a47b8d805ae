"""Searching in a real browser: by keyboard, without script, on a narrow phone, in the dark, on paper, and back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import enter, tab_to
from tests.browser.test_every_page import scrolls_sideways, violations

RFA = "/treatments/interventional/radiofrequency-ablation/"
FIELD = "What are you looking for?"
ASKED = {
    "results": "nerve burning",
    "another spelling": "opiyds for pain",
    "another spelling by itself": "prolotheropy",
    "a question about the clinic": "are you open today",
    "what staff have not said": "parking",
    "a sign that is over": "I had a blood clot in my leg in 2015",
    "a warning sign": "can't pee, headache, cancer",
    "a crisis": "I want to die",
    "nothing": "zzyzx",
    "too long": "burning " * 30,
}


def search(page, words):
    page.goto("/search/")
    page.get_by_label(FIELD).fill(words)
    with page.expect_navigation():
        page.get_by_role("button", name="Search").click()


@pytest.mark.parametrize("script", [True, False])
def test_a_treatment_is_found_by_keyboard_and_back_leads_to_the_results(open_page, script):
    page = open_page("/search/", java_script_enabled=script)
    field = page.get_by_label(FIELD)
    tab_to(page, field) if script else field.focus()
    page.keyboard.type("nerve burning")
    enter(page)
    assert page.url.endswith("/search/")
    assert "burning" not in page.title()
    first = page.get_by_role("link", name="Radiofrequency ablation (RFA)")
    first.focus()
    enter(page)
    assert page.url.endswith(RFA)
    # A page that has to be asked for anew would be an error here: the browser would ask whether to send the form again.
    page.go_back()
    expect(first).to_be_visible()
    expect(field).to_have_value("nerve burning")
    page.go_forward()
    assert page.url.endswith(RFA)
    assert page.context.cookies() == []


def test_the_whole_row_is_the_link(open_page):
    page = open_page("/search/")
    search(page, "nerve burning")
    page.get_by_text("Procedure", exact=True).first.click(force=True)  # the link lies over it
    assert page.url.endswith(RFA)


def test_a_word_leads_to_its_place_in_the_list(open_page):
    page = open_page("/search/")
    search(page, "FBSS")
    page.get_by_role("link", name="Failed Back Surgery Syndrome").click()
    assert page.url.endswith("/glossary/#fbss")
    expect(page.locator("#fbss")).to_be_in_viewport()


@pytest.mark.parametrize("script", [True, False])
def test_another_spelling_is_one_press_away(open_page, script):
    page = open_page("/search/", java_script_enabled=script)
    search(page, ASKED["another spelling"])
    expect(page.get_by_label(FIELD)).to_have_value("opiyds for pain")
    offer = page.get_by_role("button", name="opioids for pain")
    tab_to(page, offer) if script else offer.focus()
    enter(page)
    expect(page.get_by_role("link", name="Avoiding long-term opioids")).to_be_visible()
    expect(page.get_by_label(FIELD)).to_have_value("opioids for pain")


@pytest.mark.parametrize("script", [True, False])
def test_the_way_back_to_what_was_typed_is_one_press_away(open_page, script):
    page = open_page("/search/", java_script_enabled=script)
    search(page, ASKED["another spelling by itself"])
    expect(page.get_by_text("We found nothing for “prolotheropy”.")).to_be_visible()
    back = page.get_by_role("button", name="Search for exactly “prolotheropy”")
    tab_to(page, back) if script else back.focus()
    enter(page)
    expect(page.get_by_text("We found no page for “prolotheropy”")).to_be_visible()
    expect(page.get_by_label(FIELD)).to_have_value("prolotheropy")


def test_an_answer_of_the_clinic_is_on_the_first_screen_of_a_phone(open_page):
    page = open_page("/search/", width=390)
    search(page, ASKED["what staff have not said"])
    expect(page.get_by_role("region", name="Parking").get_by_role("link", name="(555) 010-0100")).to_be_in_viewport()


def test_the_browser_suggests_words(open_page):
    page = open_page("/search/")
    listed = page.get_by_label(FIELD).evaluate("field => [...field.list.options].map(one => one.value)")
    assert {"pain pump", "nerve burning", "RFA"} <= set(listed)


def test_a_page_that_is_not_there_leads_to_the_search(chromium, site):
    context = chromium.new_context(base_url=site.address)  # Chromium reports the 404 itself as an error
    page = context.new_page()
    page.goto("/nerve-burning/")
    page.get_by_label(FIELD).fill("nerve burning")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="Radiofrequency ablation (RFA)")).to_be_visible()
    context.close()


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(("width", "color_scheme"), [(320, "light"), (390, "dark"), (1280, "light")])
def test_every_answer_can_be_read_by_everybody(open_page, asked, width, color_scheme):
    page = open_page("/search/", width=width, color_scheme=color_scheme)
    search(page, ASKED[asked])
    assert violations(page) == []
    assert not scrolls_sideways(page)
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize(("asked", "number"), [("a warning sign", "tel:911"), ("a crisis", "tel:988")])
def test_help_is_on_the_first_screen_of_a_phone(open_page, asked, number):
    page = open_page("/search/", width=390)
    search(page, ASKED[asked])
    expect(page.get_by_role("heading", name="Is this happening to you now?")).to_be_in_viewport()
    expect(page.locator(f"main a[href='{number}']").first).to_be_in_viewport()


def test_what_is_too_long_is_told_at_once_and_kept(open_page):
    page = open_page("/search/")
    search(page, ASKED["too long"])
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label(FIELD)).to_have_value(ASKED["too long"].strip())


def test_results_print_without_the_form(open_page):
    page = open_page("/search/")
    search(page, "nerve burning")
    page.emulate_media(media="print")
    expect(page.get_by_label(FIELD)).to_be_hidden()
    expect(page.get_by_role("link", name="Radiofrequency ablation (RFA)")).to_be_visible()
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) <= 2
