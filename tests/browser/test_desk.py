"""The request desk in a real browser: by keyboard alone, without script, on a phone, and in the dark."""

import datetime
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from appointments import services
from appointments.models import RequestNote
from tests.browser.keyboard import sign_in, tab_to
from tests.factories import agree, make_request

LIST = "/admin/appointments/evaluationrequest/"


def some(number):
    soon = timezone.localdate() + datetime.timedelta(days=5)
    return [
        make_request(name=f"Sample Person {one:02}", phone=f"+1555010{one:04}", reply_by=soon) for one in range(number)
    ]


def test_ten_requests_are_cleared_without_a_mouse(open_desk, stored):
    requests = some(10)
    page = open_desk("front desk", LIST)
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=requests[0].spoken_reference)).to_be_focused()
    page.keyboard.press("Enter")
    for request in requests:
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Request {request.spoken_reference}")
        page.keyboard.press("m")
        expect(page.get_by_text("Done, and put on record.")).to_be_visible()
        page.keyboard.press("j")
    expect(page.get_by_text("There is nothing else to do now.")).to_be_visible()
    assert {request.status for request in stored.all()} == {"waiting"}


def test_from_sign_in_to_an_evaluation_by_keyboard(open_page, staff, stored):
    (request,) = some(1)
    staff("front desk")
    page = open_page(LIST)
    sign_in(page, "front-desk")
    page.keyboard.press("/")
    page.keyboard.type("sample per")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Search: 1 found")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Reach them safely")).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_text("Done, and put on record.")).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.type("Sample note: r m a w are letters here.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".noted")).to_contain_text("r m a w are letters here")
    page.keyboard.press("s")
    day = timezone.localdate() + datetime.timedelta(days=3)
    page.keyboard.type(f"{day:%m%d%Y}")
    for name, typed in {"time": "0230PM", "clinician": "Dr. Sample", "place": "Room 2"}.items():
        tab_to(page, f'[name="{name}"]')
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(page.get_by_role("definition").filter(has_text=re.compile("at 2:30 PM")).first).to_be_visible()
    request.refresh_from_db()
    assert (request.status, request.owner.username) == ("scheduled", "front-desk")


def test_keys_can_be_switched_off(open_desk, stored):
    (request,) = some(1)
    page = open_desk("front desk", f"{LIST}{request.pk}/change/")
    page.keyboard.press("?")
    page.get_by_label("Switch these keys off").check()
    page.reload()
    page.keyboard.press("r")
    page.wait_for_timeout(300)
    request.refresh_from_db()
    assert request.status == "new"


def test_the_desk_works_without_script(open_desk, stored):
    first, second = some(2)
    page = open_desk("front desk", LIST, java_script_enabled=False)
    page.get_by_label(f"Choose {second.spoken_reference}").check()
    page.get_by_role("button", name="Give to me").click()
    page.get_by_role("link", name="Mine").click()
    page.get_by_role("link", name=second.spoken_reference).click()
    page.get_by_role("button", name="No answer").click()
    page.get_by_role("button", name="Undo my last click").click()
    page.get_by_text("Come back to it later").click()
    page.get_by_role("button", name="Put it off").click()
    expect(page.get_by_text("Choose a day.")).to_be_visible()
    page.get_by_label("Note for your colleagues").fill("Sample note")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".noted")).to_contain_text("Sample note")
    assert RequestNote.objects.get(request=second).by == "front-desk"
    page.get_by_role("link", name="Next request to do").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Request {first.spoken_reference}")


@pytest.mark.parametrize(("width", "color_scheme"), [(390, "light"), (1366, "dark")])
def test_every_screen_of_the_desk_is_accessible(open_desk, stored, width, color_scheme):
    page = open_desk("manager", LIST, width=width, color_scheme=color_scheme)
    expect(page.get_by_text("Nothing to do now.")).to_be_visible()
    faults = _faults(page, "empty queue")
    past = datetime.date(2020, 1, 2)
    tried, agreed, urgent, twin, spam = (
        make_request(name="Sample Tried", reply_by=past),
        make_request(name="Sample Agreed", access_needs=["interpreter"]),
        make_request(name="Sample Urgent", needs_same_day_call=True, reply_by=past, email="a@mail.example"),
        make_request(name="Sample Twin"),
        make_request(name="Sample Spam", suspicion="too fast"),
    )
    for _ in range(3):
        services.record_contact(tried, "no answer", by="dana")
    agree(agreed)
    services.write_note(urgent, "Sample note", by="dana")
    day = timezone.localdate(agreed.scheduled_for or timezone.now() + datetime.timedelta(days=7))
    screens = {
        "queue": LIST,
        "spam": f"{LIST}?show=spam",
        "tried": f"{LIST}{tried.pk}/change/",
        "agreed": f"{LIST}{agreed.pk}/change/",
        "urgent": f"{LIST}{urgent.pk}/change/",
        "on the shelf": f"{LIST}{spam.pk}/change/",
        "letter": f"{LIST}{tried.pk}/letter/",
        "print": f"{LIST}{urgent.pk}/print/",
        "side by side": f"{LIST}{urgent.pk}/beside/{twin.pk}/",
        "day": f"{LIST}day/?on={day:%Y-%m-%d}",
        "guide": f"{LIST}guide/",
    }
    for name, address in screens.items():
        page.goto(address)
        for details in page.locator("details").all():
            details.evaluate("one => (one.open = true)")
        faults += _faults(page, name)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"{name} scrolls sideways")
    assert faults == []


def _faults(page, name):
    return [
        f"{name}: {fault['id']} {fault['nodes'][0]['html'][:120]}" for fault in Axe().run(page).response["violations"]
    ]
