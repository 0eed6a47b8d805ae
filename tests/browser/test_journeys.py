"""What people do, as they do it: with a keyboard, on a phone, without script."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_request import put
from tests.flow import ANSWERS


@pytest.mark.parametrize("script", [True, False])
def test_from_home_to_a_request_about_the_treatment_one_read_about(open_page, stored, script):
    page = open_page("/", width=390, java_script_enabled=script)
    page.get_by_role("link", name="Injections and nerve blocks").first.click()
    page.get_by_role("link", name=re.compile("Radiofrequency ablation")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Radiofrequency ablation (RFA)")
    page.locator("main").get_by_role("link", name="Request an evaluation").first.click()
    page.get_by_role("link", name="Start", exact=True).click()
    page.get_by_label("None of these").check()
    for slug, data in [("safety", {}), *ANSWERS.items()]:
        if slug == "interests":
            break
        put(page, data)
        page.get_by_role("button", name="Continue").click()
    treatment = page.get_by_label("Injections and nerve blocks")
    assert treatment.is_checked()
    treatment.uncheck()
    page.get_by_role("button", name="Continue").click()
    expect(treatment).to_have_count(0)
    page.go_back()
    assert not treatment.is_checked()


def test_keyboard_reaches_the_content_first(open_page):
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.keyboard.press("Tab")
    expect(page.locator("main").get_by_role("link", name="Request an evaluation").first).to_be_focused()


@pytest.mark.parametrize("script", [True, False])
def test_menu_opens_on_a_phone(open_page, script):
    page = open_page("/", width=390, java_script_enabled=script)
    entry = page.get_by_role("navigation", name="Main").get_by_role("link", name="Why it can still hurt")
    assert not entry.is_visible()
    page.get_by_role("button", name="Menu", exact=True).click()
    entry.click()
    assert page.url.endswith("/why-it-hurts/")


def test_text_size_and_colors_change_at_once(open_page):
    page = open_page("/", color_scheme="light")
    paragraph = page.locator("main p").first
    before = paragraph.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    page.get_by_role("button", name="Text size and colors").click()
    page.get_by_label("Largest").check()
    page.get_by_label("Dark").check()
    assert paragraph.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") > before * 1.2
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 27, 36)"
    assert page.context.cookies() == []


def test_pointing_at_a_treatment_lights_its_place_alone(open_page):
    page = open_page("/")
    opacity = "one => getComputedStyle(one).opacity"
    facet, cord = page.locator(".z-facet .hot"), page.locator(".z-cord .hot")
    assert (facet.evaluate(opacity), cord.evaluate(opacity)) == ("1", "1")
    page.locator("#act-facet a").first.focus()
    assert (facet.evaluate(opacity), cord.evaluate(opacity)) == ("1", "0.22")
