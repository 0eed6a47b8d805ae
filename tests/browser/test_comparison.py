"""Comparing treatments in a real browser: by keyboard, without script, on a narrow phone, and on paper."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import tab_to
from tests.browser.test_every_page import COMPARED, scrolls_sideways, violations

THREE = f"{COMPARED}baclofen-pump/"


@pytest.mark.parametrize("script", [True, False])
def test_two_are_chosen_by_keyboard_a_third_is_added_and_one_taken_out(open_page, script):
    page = open_page("/treatments/", java_script_enabled=script)
    page.get_by_role("link", name="compare two or three side by side").focus()
    page.keyboard.press("Enter")
    for label, typed in (("First", "RFA"), ("Second", "Spinal")):
        choice = page.get_by_label(label, exact=True)
        tab_to(page, choice) if script else choice.focus()
        page.keyboard.type(typed)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare RFA and Spinal cord stimulation")
    assert page.url.endswith(COMPARED)
    page.get_by_label("Third, if you like").select_option(label="Baclofen pump")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("columnheader")).to_have_count(3)
    page.get_by_role("link", name="Remove RFA").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare Spinal cord stimulation and Baclofen pump")
    assert page.context.cookies() == []


def test_who_chose_one_twice_is_told_and_keeps_it(open_page):
    page = open_page("/compare/")
    for label in ("First", "Second"):
        page.get_by_label(label, exact=True).select_option(label="RFA")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose two treatments that are not the same.")
    expect(page.get_by_label("First", exact=True)).to_have_value("radiofrequency-ablation")
    assert violations(page) == []


@pytest.mark.parametrize(("width", "color_scheme"), [(320, "light"), (390, "dark"), (820, "dark"), (1440, "light")])
def test_it_can_be_read_on_every_screen(open_page, width, color_scheme):
    page = open_page(THREE, width=width, color_scheme=color_scheme)
    assert violations(page) == []
    assert not scrolls_sideways(page)
    # Each answer stands below the name of its treatment where there is no room for columns.
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Serious harm"))
    tops = {round(cell.bounding_box()["y"]) for cell in row.get_by_role("cell").all()}
    assert len(tops) == (1 if width > 800 else 3)


@pytest.mark.parametrize("path", [COMPARED, THREE])
def test_it_prints_on_one_sheet(open_page, path):
    page = open_page(path)
    sides = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert sides <= 2, f"{sides} sides"
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Remove RFA")).to_be_hidden()
    expect(page.get_by_role("button", name="Compare")).to_be_hidden()
    expect(page.get_by_role("rowheader", name="Questions to ask")).to_be_visible()
