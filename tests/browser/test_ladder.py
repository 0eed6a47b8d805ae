"""The ladder, the honest status and the figure in a real browser: without script, by keyboard, by touch, on paper."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import tab_to
from tests.browser.test_every_page import COMPARED, scrolls_sideways, violations

LADDER, RFA = "/treatments/", "/treatments/interventional/radiofrequency-ablation/"
NONE = "/no-further-treatment/"


def box(page, name):
    return page.get_by_role("checkbox", name=name, exact=True)


@pytest.mark.parametrize("script", [True, False])
def test_two_are_ticked_by_keyboard_and_compared(open_page, script):
    page = open_page(LADDER, java_script_enabled=script)
    button = page.get_by_role("button", name="Compare")
    expect(button).to_be_hidden()
    for name in ("Compare Radiofrequency ablation (RFA)", "Compare Spinal cord stimulation (SCS)"):
        box(page, name).focus()
        page.keyboard.press("Space")
    expect(button).to_be_visible()
    tab_to(page, button) if script else button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare RFA and Spinal cord stimulation")
    assert page.url.endswith(COMPARED)
    assert page.context.cookies() == []


def test_who_ticks_one_is_told_and_keeps_it(open_page):
    page = open_page(LADDER)
    box(page, "Compare Baclofen pump").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose two treatments")
    expect(page.get_by_label("First", exact=True)).to_have_value("baclofen-pump")


def test_the_bar_counts_and_covers_nothing_that_has_the_focus(open_page):
    page = open_page(LADDER, width=320)
    boxes = page.get_by_role("checkbox", name=re.compile("^Compare"))
    for index in range(4):
        boxes.nth(index).check()
    bar = page.locator(".bar")
    assert page.evaluate("getComputedStyle(document.querySelector('.tally'), '::before').content").startswith("counter")
    boxes.nth(3).focus()
    for _ in range(25):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { const at = document.activeElement.getBoundingClientRect(); return at.bottom })()"
        )
        inside = page.evaluate("document.querySelector('.bar').contains(document.activeElement)")
        assert inside or focused <= bar.bounding_box()["y"] + 1


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (390, "dark"), (820, "light"), (1440, "dark")])
def test_it_can_be_read_on_every_screen(open_page, width, scheme):
    page = open_page(LADDER, width=width, color_scheme=scheme)
    box(page, "Compare Medication management").check()
    assert violations(page) == []
    for path in (LADDER, NONE, RFA, "/treatments/medication/"):
        page.goto(path)
        assert violations(page) == []
        assert not scrolls_sideways(page), path


def test_no_further_treatment_stands_first_and_is_one_step_from_every_treatment(open_page):
    page = open_page(LADDER)
    title = "No further treatment for now"
    expect(page.locator("main h2").first).to_have_text(title)
    for path in ("/", "/compare/", RFA):
        page.goto(path)
        page.get_by_role("main").get_by_role("link", name=title).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_the_status_leads_to_its_sources(open_page):
    page = open_page(RFA)
    status = page.locator(".status").first
    expect(status).to_contain_text("Mixed")
    status.get_by_role("link", name="JAMA, 2017").click()
    expect(page.locator(":target")).to_contain_text("Juch JNS")
    page.goto(RFA)
    page.get_by_role("link", name="What these words mean").click()
    expect(page.locator(":target")).to_contain_text("Good sources disagree")


def test_on_paper_there_is_nothing_to_tick_and_all_to_read(open_page):
    page = open_page(LADDER)
    box(page, "Compare Baclofen pump").check()
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Compare")).to_be_hidden()
    assert page.locator(".pick:visible").count() == 0
    expect(page.get_by_text("Usually tried before this").first).to_be_visible()
    page.goto(RFA)
    assert page.locator(".status:visible").count() == 3


# -- Where does it act --------------------------------------------------------------------------------


def lit(page) -> set[str]:
    """Return the places that the drawing shows in full, when others are dimmed."""
    return set(
        page.eval_on_selector_all(
            ".back-map [class*='z-']:has(.hot)",
            """all => all.filter(one => getComputedStyle(one).opacity === "1"
                && getComputedStyle(one.querySelector(".hot")).opacity === "1")
                .map(one => [...one.classList].find(name => name.startsWith("z-")).slice(2))""",
        )
    )


@pytest.mark.parametrize("options", [{"width": 1440}, {"width": 390}, {"width": 320, "forced_colors": "active"}])
def test_a_treatment_lights_all_its_places(open_page, options):
    page = open_page("/", **options)
    assert lit(page) == {"muscle", "cord", "fluid", "root", "facet", "fusion", "si", "ligament"}
    for name, places in (
        ("Baclofen pump", {"cord", "fluid"}),
        ("Revision surgery", {"root", "fusion"}),
        ("RFA", {"facet"}),
        ("Hyperbaric oxygen", {"body"}),
    ):
        link = page.locator(".acts").get_by_role("link", name=name, exact=True).first
        tab_to(page, link)
        assert lit(page) == places, name
    page.locator(".acts").get_by_role("link", name="Prolotherapy").hover()
    assert "ligament" in lit(page)


def test_a_letter_on_the_drawing_leads_to_its_line_by_touch(open_page):
    page = open_page("/", width=390, has_touch=True)
    page.locator(".z-si .pin").tap()
    expect(page.locator("#act-si")).to_be_in_viewport()
    assert page.url.endswith("#act-si")
    assert lit(page) == {"si"}
    # The list says all of it without the drawing, which is none of the stops of the keyboard.
    expect(page.locator(".back-map")).to_have_attribute("aria-hidden", "true")
    assert page.locator(".back-map a:not([tabindex='-1'])").count() == 0


def test_a_family_shows_where_its_treatments_act(open_page):
    page = open_page("/treatments/interventional/")
    assert lit(page) == {"root", "facet", "si"}
    link = page.locator(".acts").get_by_role("link", name="SI joint treatments")
    tab_to(page, link)
    assert lit(page) == {"si"}
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sacroiliac (SI) joint treatments")
    page.get_by_role("link", name="SI joints", exact=True).click()
    assert page.url.endswith("/#act-si")


def test_beside_its_list_the_drawing_stays_in_view(open_page):
    page = open_page("/", width=1440)
    for place in ("muscle", "body"):
        page.locator(f"#act-{place} a").first.focus()
        shown = page.locator(".back-map").bounding_box()
        assert shown["y"] + shown["height"] > 300
        assert shown["y"] < 600
