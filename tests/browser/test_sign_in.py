"""Coming in and going out in a real browser: by keyboard, with a passkey, without script, and after a long call."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from appointments.models import KeptForm, RequestNote
from medici_site.accounts.invitations import invite
from medici_site.accounts.sessions import SEEN
from tests.browser.keyboard import enter, sign_in
from tests.browser.test_accounts import faults_of
from tests.browser.test_desk import LIST
from tests.factories import make_request

OWN = "four walnuts under a quiet bridge"


def link_for(account) -> str:
    return re.sub(r"^http://[^/]+", "", invite(account))


def code_of(secret) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.mark.parametrize(
    ("width", "color_scheme", "script"), [(1366, "light", True), (390, "dark", True), (390, "light", False)]
)
def test_from_the_link_to_the_desk_by_keyboard(open_page, staff, width, color_scheme, script):
    account = staff("front desk", username="dana", second_factor=False)
    page = open_page(link_for(account), width=width, color_scheme=color_scheme, java_script_enabled=script)

    def look():
        if script:  # what looks for faults is one itself
            assert faults_of(page) == []

    look()
    for typed in ("short", OWN):
        page.get_by_label("Choose a password").focus()
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
        if typed == "short":
            enter(page)
            expect(page.get_by_text("It must contain at least 12 characters.")).to_be_visible()
            look()
    enter(page)
    expect(page.get_by_role("heading", name="Add an authenticator app")).to_be_visible()
    look()
    code = page.get_by_label("The six digits that the app shows now")
    code.focus()
    page.keyboard.type("000000")
    enter(page)
    expect(page.get_by_text("This code is not right.")).to_be_visible()
    look()
    code.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(code_of(page.locator(".key").inner_text()))
    enter(page)
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has=page.get_by_role("code"))).to_have_count(10)
    look()
    go_on = page.get_by_role("link", name="I have kept them: go on")
    go_on.focus()
    enter(page)
    expect(page.get_by_role("link", name="Your account")).to_be_visible()
    page.goto(LIST)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Requests")


def test_a_passkey_is_added_and_opens_the_desk(open_page, site, staff):
    account = staff("front desk", username="dana", second_factor=False)
    # A passkey belongs to a name; the numbers of an address are none.
    page = open_page(link_for(account), address=site.address.replace("127.0.0.1", "localhost"))
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": key | {"isUserVerified": True}})
    page.get_by_label("Choose a password").fill(OWN)
    page.get_by_label("Type it once more").fill(OWN)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="use a passkey instead").click()
    assert faults_of(page) == []
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("link", name="Your account").click()
    expect(page.get_by_text("Passkey 1, added on")).to_be_visible()
    assert faults_of(page) == []
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("link", name="Sign in again").click()
    assert faults_of(page) == []
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("link", name="Your account")).to_be_visible()

    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("link", name="Sign in again").click()
    page.get_by_label("User name").fill("dana")
    page.get_by_label("Password").fill(OWN)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_role("link", name="Your account")).to_be_visible()


def test_at_an_address_of_numbers_no_passkey_is_offered(open_page, open_desk):
    page = open_page("/admin/login/")
    expect(page.get_by_label("User name")).to_be_focused()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)
    page = open_desk("front desk", "/admin/account/")
    assert faults_of(page) == []
    page.goto("/admin/account/again/")
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    assert faults_of(page) == []
    page.goto("/admin/account/")
    page.get_by_role("link", name="Add a passkey").click()
    expect(page.get_by_text("this address is a number")).to_be_visible()


def left_alone(page, seconds) -> None:
    """Let the session of a page be as if nobody had touched it for so long."""
    (cookie,) = (one["value"] for one in page.context.cookies() if one["name"] == "sessionid")
    stored = Session.objects.get(session_key=cookie)
    values = stored.get_decoded() | {SEEN: time.time() - seconds}
    Session.objects.filter(pk=cookie).update(session_data=Session.get_session_store_class()().encode(values))


@pytest.fixture
def long_call(open_desk, stored):
    """A page of the desk with a note half typed, and its clock, which tests turn forward."""
    request = make_request()
    page = open_desk("front desk", "/healthz")
    page.clock.install()
    page.goto(f"{LIST}{request.pk}/change/")
    page.get_by_label("Note for your colleagues").fill("Sample note, half")
    page.clock.fast_forward(1000)
    return page


def test_somebody_who_is_still_there_stays_signed_in(long_call):
    page = long_call
    left_alone(page, 14 * 60)
    page.clock.fast_forward(13 * 60 * 1000 + 10_000)
    dialog = page.get_by_role("dialog", name="Are you still there?")
    expect(dialog).to_be_visible()
    expect(page.get_by_role("button", name="Stay signed in")).to_be_focused()
    with page.expect_response("**/account/session/") as told:
        page.keyboard.press("Enter")
    assert told.value.json()["seconds"] > 890
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Note for your colleagues")).to_have_value("Sample note, half")


def test_no_warning_while_somebody_works_in_another_tab(long_call):
    page = long_call
    with page.expect_response("**/account/session/"):
        page.clock.fast_forward(14 * 60 * 1000)
    page.clock.fast_forward(5000)
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("asleep", [False, True])
def test_whoever_is_away_is_signed_out_and_finds_what_they_typed(long_call, asleep):
    page = long_call
    # A computer that was asleep wakes up after the server has ended the session.
    left_alone(page, 3600 if asleep else 15 * 60 - 2)
    page.clock.fast_forward(14 * 60 * 1000 + 58_000)
    expect(page.get_by_label("User name")).to_be_visible()
    expect(page.get_by_text("nobody touched the page")).to_be_visible()
    assert "Sample note" not in page.content()
    assert faults_of(page) == []
    sign_in(page, "front-desk")
    expect(page.get_by_role("heading", name="What you were typing is kept")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="Sample note, half")).to_be_visible()
    assert faults_of(page) == []
    page.get_by_role("button", name="Send it now").click()
    expect(page.locator(".noted")).to_contain_text("Sample note, half")
    assert RequestNote.objects.get().by == "front-desk"


def test_without_script_what_is_sent_too_late_is_kept_as_well(open_desk, stored):
    request = make_request()
    page = open_desk("front desk", f"{LIST}{request.pk}/change/", java_script_enabled=False)
    page.get_by_label("Note for your colleagues").fill("Sample note, whole")
    left_alone(page, 3600)
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("What you sent just now is kept.")).to_be_visible()
    sign_in(page, "front-desk")
    page.get_by_role("button", name="Send it now").click()
    expect(page.locator(".noted")).to_contain_text("Sample note, whole")


def test_what_was_typed_waits_for_the_network_to_come_back(long_call):
    page = long_call
    tries = []

    def first_in_vain(route):
        tries.append(route.request.url)
        route.abort() if len(tries) < 3 else route.continue_()

    page.route("**/account/keep/", first_in_vain)
    left_alone(page, 3600)
    page.clock.fast_forward(14 * 60 * 1000)
    expect(page.get_by_text("What you have typed is being kept.")).to_be_visible()
    expect(page.get_by_label("Note for your colleagues")).to_be_hidden()
    expect(page.get_by_label("User name")).to_be_visible(timeout=12_000)
    assert KeptForm.objects.get().fields[-1] == ["act", "note"]


def test_a_password_that_was_typed_is_not_kept(open_desk):
    page = open_desk("front desk", "/healthz")
    page.clock.install()
    page.goto("/admin/password_change/")
    page.get_by_label("The password you have now").fill("a long enough password")
    left_alone(page, 3600)
    page.clock.fast_forward(14 * 60 * 1000)
    expect(page.get_by_label("User name")).to_be_visible()
    assert not KeptForm.objects.exists()
