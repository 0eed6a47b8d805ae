"""Asking for an evaluation in a real browser: by keyboard, on a phone, without script, in the dark, in a flood."""

import datetime
import re
import threading
import time
import urllib.parse
import urllib.request
from functools import partial

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from appointments import drafts, limits, services
from appointments.models import EvaluationRequest, RequestDraft
from tests.browser.keyboard import is_focused, tab_to
from tests.browser.test_every_page import scrolls_sideways, violations
from tests.factories import agree, make_request
from tests.flow import ANSWERS, EVERYTHING, URL
from treatments import library
from treatments.models import WarningSign

pytestmark = pytest.mark.usefixtures("stored")
Status, Reason, Level = EvaluationRequest.Status, EvaluationRequest.ClosedReason, WarningSign.Level
# What a step refuses; an empty answer means that nothing is chosen. Two steps refuse nothing that a browser can send.
WRONG = {
    "who": {},
    "reach": {},
    "safe-contact": {"who_may_answer": "trusted"},
    "needs": {"language": "x" * 61},
    "fusion": {"fusion_levels": "x" * 61},
    "pain": {},
    "insurance": {"insurer": "x" * 81},
    "words": {"message": "x" * 301},
}
PRIVATE = ("Sample", "5550100142", "010-0142", "mail.example", "aunt", "noon", "Spanish", "quiet", "several", "2019",
           "L4-L5", "burning", "shots", "medicine", "hbot", "insured", "own%20words", "own words")  # fmt: skip


def put(page, data):
    """Answer with the mouse, in the form in which tests/flow.py holds the answers."""
    for name, values in data.items():
        for value in values if isinstance(values, list) else [values]:
            control = page.locator(f'[name="{name}"]')
            match control.first.evaluate("one => one.type"):
                case "radio" | "checkbox":
                    page.locator(f'[name="{name}"][value="{value}"], [name="{name}"]:not([value])').check()
                case "select-one":
                    control.select_option(value)
                case _:
                    control.fill(value)


def go_on(page):
    page.get_by_role("button", name="Continue").click()


@pytest.fixture
def open_filled_in(open_page, site, stored):
    """Open the last page as somebody who has answered everything before: open_filled_in(width=390)."""

    def open_one(answers=ANSWERS, **options):
        draft, token = drafts.begin()
        draft.answers = answers
        draft.save()
        page = open_page("/healthz", **options)
        page.context.add_cookies([{"name": drafts.COOKIE, "value": token, "url": site.address + URL}])
        page.goto(f"{URL}check/")
        return page

    return open_one


def send(page):
    page.get_by_label("You may store this request").check()
    page.get_by_role("button", name="Send my request").click()
    expect(heading(page)).to_have_text("We have your request.")


def heading(page):
    return page.get_by_role("heading", level=1)


def reference(page) -> str:
    return page.locator(".code").inner_text()


def at_step(page, slug):
    expect(page).to_have_url(re.compile(f"{URL}{slug}/(#|$)"))


# -- The whole way ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"width": 320}, id="320 px"),
        pytest.param({"width": 390, "java_script_enabled": False}, id="without script"),
        pytest.param({"width": 390, "color_scheme": "dark"}, id="dark"),
        pytest.param({"forced_colors": "active"}, id="forced colors"),
    ],
)
def test_the_whole_way_with_a_mistake_on_every_page(open_page, stored, options):
    page = open_page(URL, **options)
    visited, faults = [], []
    # Without script axe, which is one, never ends; forced colors are not the page's own.
    look_closely = options.get("java_script_enabled", True) and "forced_colors" not in options

    def look():
        if look_closely:
            faults.extend(violations(page, only="color-contrast" if "color_scheme" in options else ""))
        visited.append((page.url, page.title()))
        assert heading(page).count() == 1, page.url
        assert not scrolls_sideways(page), page.url

    def mistake():
        expect(page.locator("#error-summary")).to_be_focused()
        assert page.title().startswith("Error: "), page.url
        for link in page.locator("#error-summary a").all():
            target = page.locator(f'[id="{link.get_attribute("href").removeprefix("#")}"]')
            assert target.evaluate("one => one.matches('input, select, textarea') && one.type !== 'hidden'")
        look()

    look()
    assert page.context.cookies() == [], "reading about it leaves no trace"
    page.get_by_role("link", name="Start").click()
    look()
    go_on(page)
    mistake()
    page.get_by_label("None of these").check()
    go_on(page)
    for slug, data in EVERYTHING.items():
        at_step(page, slug)
        look()
        if slug in WRONG:
            put(page, WRONG[slug])
            go_on(page)
            mistake()
        put(page, data)
        go_on(page)
    look()
    page.get_by_role("button", name="Send my request").click()
    mistake()
    send(page)
    look()
    request = stored.get()
    assert reference(page) == request.spoken_reference
    for name, value in [(name, value) for data in EVERYTHING.values() for name, value in data.items()]:
        if isinstance(value, list):
            assert sorted(getattr(request, name)) == sorted(value), name
        elif name not in ("phone", "may_text", "may_leave_message"):
            assert getattr(request, name) == value, name
    assert (request.phone, request.may_text, request.may_leave_message) == ("+15550100142", True, True)
    said = " ".join(f"{url} {title}" for url, title in visited).replace(request.tracking_token, "")
    assert [word for word in PRIVATE if word.casefold() in said.casefold()] == []
    assert faults == []


def test_the_whole_way_by_keyboard_alone(open_page, stored):
    page = open_page(URL)
    press = page.keyboard.press

    focused, to = partial(is_focused, page), partial(tab_to, page)

    def type_in(data):
        for name, values in data.items():
            for value in values if isinstance(values, list) else [values]:
                kind = page.locator(f'[name="{name}"]').first.evaluate("one => one.type")
                if kind == "radio":
                    to(f'[name="{name}"]')
                    press("Space")
                    while not focused(f'[value="{value}"]'):
                        press("ArrowDown")
                elif kind == "checkbox":
                    to(f'[name="{name}"]:is([value="{value}"], :not([value]))')
                    press("Space")
                else:
                    to(f'[name="{name}"]')
                    page.keyboard.insert_text(value) if "\n" in value else page.keyboard.type(value)

    def enter(selector):
        to(selector)
        with page.expect_navigation():
            press("Enter")

    def mistake():
        enter("main form:last-of-type button")
        expect(page.locator("#error-summary")).to_be_focused()
        press("Tab")
        target = page.evaluate("document.activeElement.getAttribute('href')")
        press("Enter")
        assert focused(target), "the first error leads to its control"
        expect(page.locator(target)).to_be_in_viewport()

    enter('main a[href$="/safety/"]')
    mistake()
    to('[value="none"]')
    press("Space")
    enter("main form button")
    for slug, data in EVERYTHING.items():
        at_step(page, slug)
        if WRONG.get(slug) == {}:
            mistake()
        type_in(data)
        enter("main form button")
    mistake()
    press("Space")
    enter("main form button")
    expect(heading(page)).to_have_text("We have your request.")
    request = stored.get()
    assert (request.name, request.fusion_year, request.concerns) == ("Sample Patient", "2019", ["leg", "burning"])


# -- Warning signs ---------------------------------------------------------------------------------------------------


# What stands first below the heading of a level.
ACTS = {
    Level.CALL_911: ("Call 911 now", "Call 911", "tel:911"),
    Level.CRISIS_LINE: ("Call or text 988", "Call 988", "tel:988"),
    Level.ER: ("Go to the ER now", "Call 911 if you cannot get there", "tel:911"),
    Level.SAME_DAY: ("Call us today", "Call (555) 010-0100", "tel:+15550100100"),
    Level.THIS_WEEK: ("Tell us this week", "Call (555) 010-0100", "tel:+15550100100"),
}


@pytest.mark.parametrize("none_too", [False, True])
@pytest.mark.parametrize("level", Level)
def test_each_level_says_what_it_needs_without_script(open_page, stored, level, none_too):
    page = open_page(f"{URL}safety/", width=390, java_script_enabled=False)
    sign = next(one for one in library.published().warning_signs if one.level == level)
    page.locator(f'[value="{sign.slug}"]').check()
    if none_too:
        page.get_by_label("None of these").check()
    go_on(page)
    name, words, address = ACTS[level]
    expect(page.locator("main .level h2")).to_have_text([name])
    expect(page.locator("main .level").get_by_role("link").first).to_have_text(words)
    expect(page.locator("main .level").get_by_role("link").first).to_have_attribute("href", address)
    expect(page.get_by_role("heading", name=sign.sign)).to_be_visible()
    assert not scrolls_sideways(page)


def test_every_warning_sign_shows_its_number_first(open_page, stored):
    page = open_page(f"{URL}safety/", width=390)
    page.set_viewport_size({"width": 390, "height": 800})
    clinic = library.published().clinic.phone_link
    faults, levels = [], set()
    for sign in library.published().warning_signs:
        page.context.clear_cookies()
        page.goto(f"{URL}safety/")
        page.locator(f'[value="{sign.slug}"]').check()
        go_on(page)
        stops = sign.level in (Level.CALL_911, Level.ER)
        number = "tel:911" if stops else "tel:988" if sign.level == Level.CRISIS_LINE else clinic
        first = page.locator("main a:not(.back)").first
        expect(first).to_have_attribute("href", number)
        expect(first).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("heading", name=sign.sign)).to_be_visible()
        if sign.level not in levels:
            faults += violations(page)
        levels.add(sign.level)
        if stops:
            assert page.locator("main form").count() == 0
            assert RequestDraft.objects.count() == 0, sign.slug
            page.get_by_role("link", name="I have read this and I am safe; go back").click()
            at_step(page, "safety")
            expect(page.locator("main :checked")).to_have_count(0)
        else:
            today = sign.level in (Level.SAME_DAY, Level.CRISIS_LINE)
            assert RequestDraft.objects.get().needs_same_day_call == today, sign.slug
            page.get_by_role("link", name="Go on with the request").click()
            at_step(page, "who")
        RequestDraft.objects.all().delete()
    assert levels == set(Level)
    assert faults == []


def test_an_emergency_beside_a_crisis_shows_both_numbers(open_page):
    page = open_page(f"{URL}safety/", width=390)
    for sign in library.published().warning_signs:
        page.locator(f'[value="{sign.slug}"]').check()
    go_on(page)
    expect(page.locator('main a[href="tel:911"]').first).to_be_in_viewport(ratio=1)
    expect(page.locator("main .level h2")).to_have_text([name for name, _, _ in ACTS.values()])
    for number in ("tel:988", "sms:988"):
        page.locator(f'main a[href="{number}"]').scroll_into_view_if_needed()
        expect(page.locator(f'main a[href="{number}"]')).to_be_in_viewport(ratio=1)
    assert violations(page) == []
    assert not scrolls_sideways(page)


# -- Back, again, and later ------------------------------------------------------------------------------------------


def test_back_keeps_answers_and_change_returns_to_the_last_page(open_filled_in):
    page = open_filled_in(ANSWERS | {"reach": ANSWERS["reach"] | {"email": "sample@gmial.com"}})
    expect(page.get_by_text("Did you mean sample@gmail.com?")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name=re.compile("Change ?: How can we reach you")).click()
    expect(page.get_by_label("E-mail address")).to_have_value("sample@gmial.com")
    page.get_by_label("E-mail address").fill("sample@gmail.com")
    go_on(page)
    at_step(page, "check")
    expect(page.get_by_text("Did you mean")).to_have_count(0)
    page.get_by_role("link", name="Back", exact=True).click()
    at_step(page, "words")
    for slug in [*reversed(ANSWERS)][1:]:
        page.get_by_role("link", name="Back", exact=True).click()
        at_step(page, slug)
    expect(page.get_by_label("Name of the person in pain")).to_have_value("Sample Patient")
    page.go_back()
    at_step(page, "reach")
    expect(page.get_by_label("Phone number")).to_have_value("(555) 010-0142")


def test_double_click_reload_and_back_make_one_request(open_filled_in, stored):
    page = open_filled_in()
    page.get_by_label("You may store this request").check()
    page.get_by_role("button", name="Send my request").dblclick()
    expect(heading(page)).to_have_text("We have your request.")
    first = reference(page)
    page.reload()
    assert reference(page) == first
    page.go_back()
    expect(heading(page)).to_have_text("We have your request.")
    assert reference(page) == first
    page.goto(f"{URL}words/")
    assert reference(page) == first
    assert stored.get().spoken_reference == first


def test_two_tabs_make_one_request(open_filled_in, stored):
    page = open_filled_in()
    other = page.context.new_page()
    other.goto(f"{URL}check/")
    send(page)
    send(other)
    assert reference(other) == reference(page)
    assert stored.count() == 1


def test_many_sends_at_the_same_time_make_one_request(open_filled_in, site, stored):
    page = open_filled_in()
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies(f"{site.address}{URL}check/"))
    fields = page.locator("form input[type=hidden]").evaluate_all("all => all.map(one => [one.name, one.value])")
    body = urllib.parse.urlencode(dict(fields) | {"consent": "on"}).encode()
    answers = []

    def press():
        sending = urllib.request.Request(f"{site.address}{URL}check/", body, {"Cookie": cookies})
        shown = urllib.request.urlopen(sending, timeout=20).read().decode()
        answers.append(re.search('class="code">([^<]+)<', shown)[1])

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [stored.get().spoken_reference] * 6


def test_a_closed_page_is_taken_up_where_it_was_left(open_page, site):
    page = open_page(f"{URL}safety/")
    page.get_by_label("None of these").check()
    go_on(page)
    put(page, ANSWERS["who"])
    go_on(page)
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "request_draft"]
    assert cookie["path"] == URL
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert 23.9 < (cookie["expires"] - time.time()) / 3600 <= 24
    page.close()
    page = page.context.new_page()
    with page.expect_request("/") as sent:
        page.goto("/")
    assert "request_draft" not in sent.value.all_headers().get("cookie", "")
    page.goto(URL)
    assert violations(page) == []
    page.get_by_role("link", name="Go on where you stopped").click()
    at_step(page, "reach")
    page.goto(URL)
    page.get_by_role("button", name="Delete my answers and start again").click()
    expect(page.get_by_role("link", name="Start")).to_be_visible()
    assert RequestDraft.objects.count() == 0


def test_an_ended_draft_leads_to_the_beginning_and_says_so(open_page):
    page = open_page(f"{URL}check/")
    expect(page.get_by_role("heading", name="There is no unfinished request on this device")).to_be_visible()
    assert violations(page) == []


# -- Afterwards ------------------------------------------------------------------------------------------------------


def test_the_confirmation_prints_and_gives_its_date_to_a_calendar(open_filled_in, stored):
    page = open_filled_in()
    send(page)
    request = stored.get()
    with page.expect_download() as download:
        page.get_by_role("link", name="Put the date in my calendar").click()
    assert download.value.suggested_filename == f"{request.spoken_reference}.ics"
    page.emulate_media(media="print")
    expect(page.get_by_text(request.spoken_reference).first).to_be_visible()
    expect(page.get_by_text(f"{request.reply_by:%B} {request.reply_by.day}").first).to_be_visible()
    for name in ("Change how we reach you", "Put the date in my calendar", "Withdraw this request"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="Letter")))
    assert pages <= 2, f"{pages} sheets"


def test_the_page_of_a_request_at_every_stage(open_page, stored):
    page = open_page("/healthz", width=390)
    faults, other = [], make_request()
    stages = [(status, "") for status in Status if status != Status.CLOSED]
    for status, reason in [*stages, *((Status.CLOSED, reason) for reason in Reason)]:
        request = make_request(needs_same_day_call=True)
        if status != Status.NEW:
            services.record_contact(request, "left message", by="staff")
        if status == Status.SCHEDULED:
            agree(request, clinician="Dr. Visit")
        elif status in (Status.IN_HAND, Status.CLOSED):
            services.move(request, status, reason=reason, duplicate_of=other.reference if reason else "", by="staff")
        page.goto(f"{URL}yours/{request.tracking_token}/")
        expect(page.get_by_text(request.spoken_reference).first).to_be_visible()
        expect(page.get_by_text("We left you a message.")).to_have_count(0 if status == Status.NEW else 1)
        expect(page.get_by_text("Please call us today")).to_have_count(1 if status == Status.NEW else 0)
        expect(page.get_by_role("link", name="Withdraw this request")).to_have_count(0 if reason else 1)
        assert not scrolls_sideways(page)
        assert "Sample" not in page.content()
        faults += violations(page)
    assert faults == []


def test_changing_and_withdrawing(open_page, stored):
    request = make_request(email="sample@mail.example")
    own = f"{URL}yours/{request.tracking_token}/"
    page = open_page(own, width=390)
    faults = []

    def look():
        faults.extend(violations(page))
        assert not scrolls_sideways(page)
        assert "010-0142" not in page.content()

    page.get_by_role("link", name="Change how we reach you").click()
    look()
    page.get_by_label("E-mail address").fill("no address")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#error-summary")).to_be_focused()
    look()
    page.get_by_label("E-mail address").fill("other@mail.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Thank you. We have changed it.")).to_be_visible()
    look()
    page.get_by_role("link", name="Tell us when we can reach you").click()
    look()
    put(page, {"best_times": ["morning"], "times_to_avoid": "x" * 121})
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#error-summary")).to_be_focused()
    look()
    put(page, {"times_to_avoid": "Mondays"})
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Withdraw this request").click()
    look()
    page.get_by_role("button", name="Yes, withdraw it").click()
    expect(page.get_by_text("You withdrew this request").first).to_be_visible()
    stands = stored.get()
    assert (stands.phone, stands.email) == ("+15550100142", "other@mail.example")
    assert (stands.times_to_avoid, stands.closed_reason) == ("Mondays", Reason.WITHDRAWN)
    assert faults == []


def test_finding_a_request_again(open_page, stored):
    request = make_request()
    page = open_page(URL, width=390)
    page.get_by_role("link", name="See where my request stands").click()
    find = page.get_by_role("button", name="Show where it stands")
    faults = violations(page)
    find.click()
    expect(page.locator("#error-summary")).to_be_focused()
    faults += violations(page)
    page.get_by_label("Your reference").fill(request.spoken_reference.lower())
    page.get_by_label("Last four digits").fill("0000")
    find.click()
    expect(page.get_by_text("We find no request with these details")).to_be_visible()
    faults += violations(page)
    page.get_by_label("Last four digits").fill("0142")
    find.click()
    assert reference(page) == request.spoken_reference
    assert "0142" not in page.url
    assert faults == []


# -- In a flood ------------------------------------------------------------------------------------------------------


@pytest.fixture
def flood():
    """Use up a limit, in this stretch of time and the next, because the test may run across their border."""

    def use_up(limit, key=""):
        for later in (datetime.timedelta(), limit.within):
            with time_machine.travel(timezone.now() + later):
                for _ in range(limit.times):
                    limits.is_over(limit, key)

    return use_up


def test_in_a_flood_the_browser_works_and_sends_by_itself(open_filled_in, stored, flood):
    page = open_filled_in(width=390)
    flood(limits.SEND_FROM_ALL)
    page.get_by_label("You may store this request").check()
    with page.expect_response(lambda answer: answer.status == 429):
        page.get_by_role("button", name="Send my request").click()
    expect(heading(page)).to_have_text("We have your request.", timeout=60_000)
    assert reference(page) == stored.get().spoken_reference


def test_in_a_flood_nobody_needs_script(open_filled_in, stored, flood):
    page = open_filled_in(width=320, java_script_enabled=False)
    flood(limits.SEND_FROM_ALL)
    page.get_by_label("You may store this request").check()
    page.get_by_role("button", name="Send my request").click()
    expect(page.locator("#busy")).to_be_focused()
    expect(page.get_by_text("wait half a minute")).to_be_visible()
    expect(page.locator("#working")).to_be_hidden()
    expect(page.get_by_label("You may store this request")).to_be_checked()
    assert not scrolls_sideways(page)
    assert stored.count() == 0


def test_the_page_in_a_flood_is_accessible(open_filled_in, flood):
    page = open_filled_in(width=390)
    page.route("**/proof-of-work*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    flood(limits.SEND, "127.0.0.1")
    page.get_by_label("You may store this request").check()
    page.get_by_role("button", name="Send my request").click()
    expect(page.locator("#busy")).to_be_focused()
    assert violations(page) == []


def test_too_many_beginnings_are_asked_to_wait(open_page, flood):
    page = open_page(f"{URL}safety/", width=390)
    flood(limits.BEGIN, "127.0.0.1")
    page.get_by_label("None of these").check()
    go_on(page)
    expect(heading(page)).to_have_text("Please wait a moment")
    assert violations(page) == []


def test_forced_colors_keep_the_controls(open_page):
    page = open_page(f"{URL}safety/", forced_colors="active")
    box = page.locator("[name=signs]").first
    assert box.evaluate("one => getComputedStyle(one).appearance") == "auto"
