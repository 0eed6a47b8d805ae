"""Words explained in place in a real browser: by keyboard and touch, without script, and on paper."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import is_focused, tab_to
from tests.browser.test_every_page import scrolls_sideways, violations

RFA = "/treatments/interventional/radiofrequency-ablation/"
FACET = "One of the small joints at the back of the spine."


def test_a_word_opens_and_closes_by_keyboard(open_page):
    page = open_page(RFA)
    word, meaning = page.get_by_role("button", name="facet joints"), page.get_by_role("dialog", name="Facet joint")
    expect(page.get_by_text(FACET)).to_be_hidden()
    tab_to(page, word)
    page.keyboard.press("Enter")
    expect(meaning).to_contain_text(FACET)
    assert is_focused(page, meaning.get_by_role("button", name="Close")), "a screen reader goes on with the meaning"
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    assert is_focused(page, word), "reading goes on at the word"
    page.keyboard.press("Space")
    for name in ("Close", "All words explained"):
        assert page.evaluate("document.activeElement.textContent") == name
        page.keyboard.press("Tab")
    assert is_focused(page, page.get_by_role("button", name="test block")), "the next word of the text follows"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/glossary/#facet-joint$"))


@pytest.mark.parametrize(
    ("width", "color_scheme", "size"),
    [(320, "light", "1"), (390, "dark", "3"), (820, "light", "1"), (1440, "dark", "1")],
)
def test_a_touch_opens_each_word_where_it_can_be_read(open_page, width, color_scheme, size):
    page = open_page(RFA, width=width, color_scheme=color_scheme, has_touch=True)
    page.evaluate(f"document.getElementById('size-{size}').checked = true")
    words = page.locator("main .term").all()
    assert len(words) > 10
    for number, word in enumerate(words):
        word.tap()
        meaning = page.locator(":popover-open")
        expect(meaning).to_have_count(1)
        edges, screen = meaning.bounding_box(), page.viewport_size
        assert edges["x"] >= 0
        assert edges["x"] + edges["width"] <= screen["width"]
        assert edges["y"] >= 0
        assert edges["y"] + edges["height"] <= screen["height"]
        assert not scrolls_sideways(page)
        if number == 0:
            assert violations(page) == []
        meaning.get_by_role("button", name="Close").tap()
        expect(meaning).to_have_count(0)


def test_it_works_without_script(open_page):
    page = open_page(RFA, java_script_enabled=False)
    page.get_by_role("button", name="facet joints").click()
    expect(page.get_by_text(FACET)).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(page.get_by_text(FACET)).to_be_hidden()


def test_on_paper_words_have_numbers_and_notes_at_the_end(open_page):
    page = open_page(RFA)
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Words on this page")).to_be_visible()
    notes = page.locator(".meaning")
    assert notes.count() == page.locator(".term").count()
    for number, note in enumerate(notes.all(), 1):
        expect(note).to_be_visible()
        assert note.evaluate("one => getComputedStyle(one, '::before').content") == f'"{number}"'
    assert page.locator(".term").nth(2).evaluate("one => getComputedStyle(one, '::after').content") == '"3"'
    expect(notes.first.get_by_role("button")).to_be_hidden()
    after_words = page.evaluate(
        """[document.querySelector("#sources"), document.querySelector(".meanings"), document.querySelector(".foot")]
           .map(one => one.getBoundingClientRect().top)"""
    )
    assert after_words == sorted(after_words)


def test_a_comma_never_begins_a_line(open_page):
    page = open_page("/why-it-hurts/", width=320)
    for width in range(320, 420, 10):
        page.set_viewport_size({"width": width, "height": 900})
        strays = page.eval_on_selector_all(
            ".nb > .term",
            """all => all.filter(word => word.nextSibling).filter(word => {
                const signs = document.createRange();
                signs.selectNode(word.nextSibling);
                return signs.getBoundingClientRect().left < word.getBoundingClientRect().right - 1;
            }).map(word => word.textContent)""",
        )
        assert strays == [], width


def test_one_that_is_open_is_printed_below_the_others(open_page):
    page = open_page(RFA)
    page.locator(".term").nth(2).click()
    page.emulate_media(media="print")
    others = [one.bounding_box() for one in page.locator(".meaning:not(:popover-open)").all()]
    note, frame = page.locator(":popover-open").bounding_box(), page.locator(".meanings").bounding_box()
    assert note["y"] >= max(one["y"] + one["height"] for one in others) - 1
    assert note["y"] + note["height"] <= frame["y"] + frame["height"] + 1
    assert note["y"] + note["height"] <= page.locator(".foot").bounding_box()["y"]


def test_a_browser_without_popovers_shows_the_meanings_at_the_end(chromium, site):
    context = chromium.new_context(base_url=site.address)
    page = context.new_page()

    def without_popovers(route):
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace(" popover ", " "))

    page.route(f"**{RFA}", without_popovers)
    page.goto(RFA)
    expect(page.get_by_text(FACET)).to_be_visible()
    context.close()
