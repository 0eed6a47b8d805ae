"""A request taken over the phone in a real browser: by keyboard alone, without script, at every width, in the dark."""

import re
from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import is_focused, tab_to
from tests.browser.test_every_page import scrolls_sideways, violations
from treatments import library
from treatments.models import WarningSign

pytestmark = pytest.mark.usefixtures("stored")
ADD = "/admin/appointments/evaluationrequest/add/"
TYPED = {"name": "Sample Patient", "phone": "(555) 010-0142"}


@pytest.fixture
def open_call(open_desk):
    """Open the page as the front desk: open_call(width=390)."""

    def open_one(**options):
        return open_desk("front desk", ADD, **options)

    return open_one


def go_on(page, sign="none"):
    page.locator(f'[value="{sign}"]').check()
    page.get_by_role("button", name="Go on").click()


def test_a_call_by_keyboard_alone_with_a_mistake_first(open_call, stored):
    page = open_call()
    press = page.keyboard.press

    focused, to = partial(is_focused, page), partial(tab_to, page)

    def enter(selector):
        to(selector)
        with page.expect_navigation():
            press("Enter")

    def choose(name, value):
        to(f'[name="{name}"]')
        press("Space")
        while not focused(f'[value="{value}"]'):
            press("ArrowDown")

    enter('input[value="Go on"]')
    expect(page.locator("#error-summary")).to_be_focused()
    to('[value="none"]')
    press("Space")
    enter('input[value="Go on"]')
    expect(page.locator("h2#who")).to_be_focused()
    to("[name=name]")
    page.keyboard.type(TYPED["name"])
    # Enter in a field sends too early; nothing is stored, and nothing is lost.
    with page.expect_navigation():
        press("Enter")
    expect(page.locator("#error-summary")).to_be_focused()
    press("Tab")
    target = page.evaluate("document.activeElement.getAttribute('href')")
    press("Enter")
    assert focused(target), "the first error leads to its control"
    choose("for_whom", "self")
    choose("contact_by", "phone")
    to("[name=phone]")
    page.keyboard.type(TYPED["phone"])
    to('[name="concerns"][value="leg"]')
    press("Space")
    to("details:last-of-type summary")
    press("Enter")
    to("[name=message]")
    page.keyboard.type("My own words.")
    to("[name=consent]")
    press("Space")
    enter('input[value="Save the request"]')
    expect(page.get_by_text("Read to them:")).to_be_visible()
    request = stored.get()
    expect(page.get_by_text(request.spoken_reference).first).to_be_visible()
    assert (request.name, request.phone, request.message) == ("Sample Patient", "+15550100142", "My own words.")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"width": 390}, id="390"),
        pytest.param({"width": 820}, id="820"),
        pytest.param({"width": 1366}, id="1366"),
        pytest.param({"width": 1440, "color_scheme": "dark"}, id="dark"),
        pytest.param({"width": 390, "java_script_enabled": False}, id="without script"),
    ],
)
def test_a_whole_call(open_call, stored, options):
    page = open_call(**options)
    faults = []

    def look():
        if options.get("java_script_enabled", True):
            faults.extend(violations(page))
        assert page.locator("h1").count() == 1 + (page.locator("#site-name").evaluate("e => e.tagName") == "H1")
        assert not scrolls_sideways(page)

    look()
    emergency = next(sign for sign in library.published().warning_signs if sign.level == WarningSign.Level.CALL_911)
    go_on(page, emergency.slug)
    told = page.get_by_role("heading", name="Stop, and tell them to get help now")
    expect(told).to_be_in_viewport()
    look()
    page.get_by_role("button", name="Save the request").click()
    expect(page.locator("#error-summary")).to_be_focused()
    for part in page.locator("details").all():
        part.locator("summary").click()
    look()
    page.get_by_label("Myself").check()
    for name, typed in TYPED.items():
        page.locator(f"[name={name}]").fill(typed)
    page.get_by_label("A phone call").check()
    page.get_by_label("Stiffness").check()
    page.get_by_label("they agreed").check()
    page.get_by_role("button", name="Save the request").click()
    expect(page).to_have_url(re.compile("/change/$"))
    assert stored.get().needs_same_day_call
    assert faults == []
