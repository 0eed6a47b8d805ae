"""The site map and what changed, in a real browser; and what pages tell machines, under the strict policy."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import tab_to
from tests.browser.test_every_page import scrolls_sideways, violations

LISTS = ["/site-map/", "/changes/"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(("width", "color_scheme"), [(320, "light"), (390, "dark"), (820, "dark"), (1440, "light")])
def test_they_can_be_read_on_every_screen(open_page, path, width, color_scheme):
    page = open_page(path, width=width, color_scheme=color_scheme)
    assert violations(page) == []
    assert not scrolls_sideways(page)
    for link in page.locator("main .listing a, main .links a").all():
        assert link.bounding_box()["height"] >= 44


def test_a_treatment_is_found_by_keyboard_without_script(open_page):
    page = open_page("/site-map/")
    link = page.get_by_role("main").get_by_role("link", name="Radiofrequency ablation (RFA)")
    tab_to(page, link)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Radiofrequency ablation (RFA)")
    page = open_page("/changes/", java_script_enabled=False)
    page.get_by_role("main").get_by_role("link", name="Baclofen pump").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Baclofen pump")


@pytest.mark.parametrize(("path", "sheets"), [("/site-map/", 3), ("/changes/", 1)])
def test_they_print_tidily(open_page, path, sheets):
    page = open_page(path)
    sides = page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
    assert 0 < sides <= sheets
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Follow this list as a feed")).to_be_hidden()


@pytest.mark.parametrize("path", ["/", "/faq/", "/treatments/interventional/radiofrequency-ablation/"])
def test_a_browser_reads_the_data_and_runs_nothing(open_page, path):
    """`open_page` fails the test when the policy refuses anything on the page."""
    page = open_page(path)
    (block,) = page.locator("script").all()
    assert block.get_attribute("type") == "application/ld+json"
    assert json.loads(block.text_content())["name"] == page.get_by_role("heading", level=1).text_content()
