"""The finder in a real browser: by keyboard, without script, on a narrow phone, back and forth, and on paper."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import enter, tab_to
from tests.browser.test_every_page import scrolls_sideways, violations

URL = "/find/questions/"
ANSWERS = [
    ["Muscle spasms that will not settle", "Stiffness"],
    ["Pain medicine that is not an opioid"],
    ["Steroids"],
    [],
]
HEADINGS = [
    "Is any of this happening now?",
    "What bothers you most?",
    "What have you tried?",
    "Is there something you want to avoid?",
    "What matters most to you?",
    "Options to ask about",
]


def heading(page):
    return page.get_by_role("heading", level=1)


def next_page(page, button=re.compile("Continue|Next question|See what to ask about")):
    page.get_by_role("button", name=button).click()


def go(page, *, answers=ANSWERS, until=6):
    """Go from the safety check to a page, with these answers on the way; none of them skips a question."""
    page.get_by_label("None of these").check()
    next_page(page)
    for chosen in answers[: until - 2]:
        for words in chosen:
            page.get_by_label(words, exact=True).check()
        next_page(page) if chosen else page.get_by_role("button", name="Skip this question").click()
    expect(heading(page)).to_have_text(HEADINGS[until - 1])


@pytest.mark.parametrize("script", [True, False])
def test_the_whole_way_by_keyboard_alone(open_page, script):
    page = open_page("/find/", java_script_enabled=script)

    def press(target):
        # Without script nobody can ask the page where the focus is, but the keys work all the same.
        tab_to(page, target) if script else target.focus()
        enter(page)

    def choose(words):
        control = page.get_by_label(words, exact=True)
        tab_to(page, control) if script else control.focus()
        page.keyboard.press("Space")

    press(page.get_by_role("link", name="Start", exact=True))
    choose("None of these")
    enter(page)  # as in any form: Enter sends it
    for number, chosen in enumerate(ANSWERS, start=2):
        expect(page.get_by_text(f"Question {number} of 5")).to_be_visible()
        expect(heading(page)).to_have_text(HEADINGS[number - 1])
        for words in chosen:
            choose(words)
        press(page.get_by_role("button", name=re.compile("Next|See what") if chosen else "Skip this question"))
    expect(heading(page)).to_have_text("Options to ask about")
    expect(page.get_by_role("heading", name="Baclofen pump")).to_be_visible()
    assert page.url.endswith(URL)
    fold = page.get_by_text("Questions to ask about Restoring mobility")
    press_summary(page, fold, script)
    expect(page.get_by_text("Which moves should I stay away from?")).to_be_visible()
    assert page.context.cookies() == []


def press_summary(page, fold, script):
    tab_to(page, fold) if script else fold.focus()
    page.keyboard.press("Enter")


def test_back_in_the_browser_finds_every_page_as_it_was(open_page):
    page = open_page(URL)
    sent = []
    go(page)
    page.on("request", lambda request: sent.append(request.method) if request.is_navigation_request() else None)
    for title in HEADINGS[-2::-1]:
        page.go_back()
        expect(heading(page)).to_have_text(title)
    page.go_forward()
    expect(page.get_by_label("Stiffness", exact=True)).to_be_visible()
    assert page.context.cookies() == []


def test_the_way_back_on_the_page_keeps_the_answers(open_page):
    page = open_page(URL)
    go(page)
    page.get_by_role("button", name="Back to the questions").click()
    for title, chosen in zip(HEADINGS[-3:0:-1], ANSWERS[-2::-1], strict=True):
        page.get_by_role("button", name="Back", exact=True).click()
        expect(heading(page)).to_have_text(title)
        for words in chosen:
            expect(page.get_by_label(words, exact=True)).to_be_checked()


def test_one_answer_is_changed_and_leads_back_to_the_list(open_page):
    page = open_page(URL)
    go(page)
    page.get_by_role("button", name="Change your answer to: Is there something you want to avoid?").click()
    expect(page.get_by_label("Steroids")).to_be_checked()
    page.get_by_label("An implant in my body").check()
    next_page(page, "See what to ask about")
    expect(heading(page)).to_have_text("Options to ask about")
    aside = page.locator(".found", has=page.get_by_role("heading", name="Set aside"))
    expect(aside.get_by_role("heading", name="Baclofen pump")).to_be_visible()
    expect(page.get_by_text("Pain medicine that is not an opioid", exact=True)).to_be_visible()


def test_an_error_is_told_first_and_the_choices_stay(open_page):
    page = open_page(URL, width=390)
    go(page, until=2)
    for words in ("Stiffness", "Burning or tingling", "A tight, pulling scar", "My bones may not have fused"):
        page.get_by_label(words).check()
    next_page(page)
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Choose the 3 that bother you most. You chose 4")
    assert page.title().startswith("Error: ")
    expect(page.get_by_label("Burning or tingling")).to_be_checked()
    assert violations(page) == []
    page.get_by_role("link", name="Choose the 3 that bother you most").click()
    expect(page.get_by_label("Pain that shoots down the leg")).to_be_focused()
    page.get_by_label("Burning or tingling").uncheck()
    next_page(page)
    expect(heading(page)).to_have_text("What have you tried?")


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (390, "dark"), (1280, "light")])
def test_every_page_can_be_used_on_every_screen(open_page, width, scheme):
    page = open_page(URL, width=width, color_scheme=scheme)
    faults, seen = [], []

    def look():
        faults.extend(violations(page))
        assert not scrolls_sideways(page), page.title()
        seen.append(heading(page).inner_text())

    def wrong():
        page.get_by_role("button", name=re.compile("Continue|Next question|See what")).click()
        expect(page.get_by_role("alert")).to_be_visible()
        look()

    look()
    wrong()
    page.get_by_label(re.compile("wound", re.IGNORECASE)).first.check()
    next_page(page)
    look()
    next_page(page, "Go on with the questions")
    for chosen in ANSWERS:
        look()
        wrong()
        for words in chosen:
            page.get_by_label(words, exact=True).check()
        next_page(page) if chosen else page.get_by_role("button", name="Skip this question").click()
    look()
    for fold in page.locator("summary").all():
        fold.click()
    look()
    page.goto("/find/rules/")
    look()
    assert faults == []
    assert len(seen) == 14


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_an_emergency_fills_the_screen_and_leads_back(open_page, width, scheme):
    page = open_page(URL, width=width, color_scheme=scheme)
    page.get_by_label(re.compile("leg that is newly weak")).check()
    next_page(page)
    expect(heading(page)).to_have_text("Please get help now.")
    assert violations(page) == []
    call = page.get_by_role("link", name="Call 911", exact=True)
    assert call.get_attribute("href") == "tel:911"
    assert call.bounding_box()["y"] < 900, "before anything is scrolled"
    page.get_by_role("link", name="I have read this and I am safe; go back").click()
    expect(heading(page)).to_have_text("Is any of this happening now?")
    expect(page.get_by_label(re.compile("leg that is newly weak"))).not_to_be_checked()


def test_the_signs_are_heard_in_their_groups_and_by_keyboard(open_page):
    page = open_page(URL, width=390)
    now = page.get_by_role("group", name="New or getting worse in the last few days")
    leg = now.get_by_role("group", name="Nerves").get_by_label(re.compile("leg that is newly weak"))
    expect(now.get_by_role("group")).to_have_count(5)
    expect(page.get_by_role("group", name="Or at any time").get_by_role("checkbox")).to_have_count(1)
    expect(page.get_by_role("group").get_by_label("None of these")).to_have_count(0)
    tab_to(page, leg)
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("None of these"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Continue"))
    enter(page)
    expect(heading(page)).to_have_text("Please get help now.")


def test_options_are_compared_and_carried_into_the_request(open_page):
    page = open_page(URL)
    go(page)
    for words in ("Restoring mobility", "Baclofen pump"):
        page.get_by_role("group", name="Choose two or three").get_by_label(words).check()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(heading(page)).to_have_text("Compare Restoring mobility and Baclofen pump")
    page.go_back()
    expect(heading(page)).to_have_text("Options to ask about")
    page.get_by_role("button", name="Request an evaluation").click()
    expect(heading(page)).to_have_text("Is any of this happening now?")
    assert "physical" not in page.url
    page.get_by_label("None of these").check()
    next_page(page)
    expect(heading(page)).to_have_text("Who is this request for?")
    page.go_back()
    expect(heading(page)).to_have_text("Is any of this happening now?")
    page.go_back()
    expect(heading(page)).to_have_text("Options to ask about")


def test_the_list_prints_with_all_that_is_folded_and_without_buttons(open_page):
    page = open_page(URL)
    go(page, answers=[["Muscle spasms that will not settle", "Pain that shoots down the leg"], [], ["Steroids"], []])
    page.emulate_media(media="print")
    for hidden in page.get_by_role("button").all():
        expect(hidden).to_be_hidden()
    expect(page.get_by_text("Which moves should I stay away from?")).to_have_count(0)
    expect(page.get_by_text("Is mine spasm or spasticity?")).to_be_visible()
    for shown in ("Your list", "Set aside", "Your answers", "Spinal cord stimulation (SCS)"):
        expect(page.get_by_role("heading", name=shown)).to_be_visible()
    sides = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert sides <= 4, f"{sides} sides"
