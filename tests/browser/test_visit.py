"""The visit sheet in a real browser: by keyboard, without script, on a narrow phone, and on paper."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import tab_to
from tests.browser.test_every_page import COMPARED, scrolls_sideways, violations

SHEET = "/visit/?t=radiofrequency-ablation&t=spinal-cord-stimulation"
THREE = f"{SHEET}&t=prp"
EVERYTHING = "/visit/?" + "&".join(
    f"t={slug}"
    for slug in ("physical-therapy", "medication", "hbot", "regenerative", "interventional", "baclofen-pump", "prp")
)


@pytest.mark.parametrize("script", [True, False])
def test_treatments_are_chosen_by_keyboard_and_stand_on_the_sheet(open_page, script):
    page = open_page("/visit/", java_script_enabled=script)
    for name in ("PRP", "RFA"):
        choice = page.get_by_role("checkbox", name=name, exact=True)
        tab_to(page, choice) if script else choice.focus()
        page.keyboard.press("Space")
        expect(choice).to_be_checked()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/visit/\?t=prp&t=radiofrequency-ablation$"))
    expect(page.get_by_role("heading", name="Platelet-rich plasma (PRP)")).to_be_visible()
    expect(page.get_by_text("Which nerves would you treat?")).to_be_visible()
    # Those chosen stay chosen; who wants others opens the list.
    expect(page.get_by_role("checkbox", name="PRP", exact=True)).to_be_hidden()
    page.get_by_text("Choose other treatments").press("Enter")
    expect(page.get_by_role("checkbox", name="PRP", exact=True)).to_be_checked()
    assert page.context.cookies() == []


def test_a_comparison_and_a_treatment_lead_to_their_sheet(open_page):
    page = open_page(COMPARED)
    page.get_by_role("link", name="Make a visit sheet with these questions").click()
    expect(page).to_have_url(re.compile(re.escape(SHEET) + "$"))
    page.get_by_role("link", name="Radiofrequency ablation (RFA)").click()
    page.get_by_role("link", name="Print these on a visit sheet").click()
    expect(page).to_have_url(re.compile(r"/visit/\?t=radiofrequency-ablation$"))


@pytest.mark.parametrize(
    ("path", "width", "color_scheme"),
    [("/visit/", 320, "dark"), (THREE, 320, "light"), (THREE, 820, "dark"), ("/visit/", 1440, "light")],
)
def test_it_can_be_read_on_every_screen(open_page, path, width, color_scheme):
    page = open_page(path, width=width, color_scheme=color_scheme)
    assert violations(page) == []
    assert not scrolls_sideways(page)
    for choice in page.locator(".picks .opt:visible").all():
        assert choice.bounding_box()["height"] >= 44
    expect(page.get_by_role("columnheader", name="Hours of sleep")).to_be_visible()
    expect(page.get_by_role("img", name="The outline of a body")).to_be_visible()


def sides(page, size) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format=size)))


@pytest.mark.parametrize("size", ["Letter", "A4"])
@pytest.mark.parametrize(("path", "most"), [("/visit/", 3), (THREE, 4)])
def test_it_prints_on_few_sides(open_page, path, most, size):
    # One or two of questions and what to bring, one of the diary, one of the body.
    assert sides(open_page(path), size) == most


def test_each_part_starts_where_it_belongs_on_paper(open_page):
    page = open_page(THREE)
    page.emulate_media(media="print")
    for part in ("#diary", "#body"):
        assert page.locator(part).evaluate("one => getComputedStyle(one).breakBefore") == "page"
        expect(page.locator(part).get_by_text("Medici Orthopaedics & Spine · Call (555) 010-0100")).to_be_visible()
    for one in page.locator(".sheet :is(h2, h3):visible").all():
        assert one.evaluate("one => getComputedStyle(one).breakAfter") == "avoid"
    for one in page.locator(".asked, .bring").all():
        assert one.evaluate("one => getComputedStyle(one).breakInside") == "avoid"
    assert page.locator(".diary tbody tr").count() == 7
    for cell in page.locator(".diary td").all():
        assert cell.bounding_box()["height"] > 80, "room to write"
    for hidden in (".picks", "summary", ".cta", ".strip", ".lead"):
        expect(page.locator(hidden).first).to_be_hidden()
    for shown in ("Name", "Date of visit", "My three questions", "What to bring", "What eased it"):
        expect(page.get_by_text(shown, exact=True).first).to_be_visible()


def test_the_sheet_prints_from_a_phone_as_from_a_desk(open_page):
    assert sides(open_page(THREE, width=320), "Letter") == sides(open_page(THREE, width=1280), "Letter")


def test_many_treatments_take_more_sides_and_lose_nothing(open_page):
    page = open_page(EVERYTHING)
    assert sides(page, "Letter") > 4
    page.emulate_media(media="print")
    assert page.locator(".asked:not(.any)").count() == 7
