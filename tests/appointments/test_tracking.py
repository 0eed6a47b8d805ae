"""What the sender of a request sees and does without an account, and what nobody else learns."""

import datetime
import re

import icalendar
import pytest
import time_machine
from django.db import OperationalError
from django.http import HttpResponse
from django.utils import timezone
from django.utils.formats import date_format

from appointments import services, tracking
from appointments.email_hint import suggestion
from appointments.models import EvaluationRequest, Message, RequestEvent
from tests.factories import agree, make_request
from tests.flow import URL
from tests.pages import read
from treatments import library
from treatments.middleware import LibraryMiddleware

pytestmark = pytest.mark.django_db
CANARIES = {
    "name": "Canary Name", "helper_name": "Canary Helper", "email": "canary@mail.example", "message": "canary words",
    "needs": "canary need", "trusted_person": "Canary Friend", "times_to_avoid": "canary time",
}  # fmt: skip


@pytest.fixture
def request_(db):
    return make_request(**CANARIES, reply_by=datetime.date(2026, 11, 27))


@pytest.fixture
def address(request_):
    return f"{URL}yours/{request_.tracking_token}/"


def test_the_page_says_where_the_request_stands_and_nothing_about_the_person(client, page, request_, address):
    shown = page(address)
    assert shown.says("We have your request")
    assert shown.says("You will hear from us by", "Friday, November 27, 2026")
    assert request_.spoken_reference in shown.text
    html = shown.response.content.decode()
    for private in ("anary", "0100142", "010-0142", "shoots down"):
        assert private not in html
    for part in ("", "contact/", "times/", "withdraw/"):
        response = client.get(address + part)
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "strict-origin"
        assert "anary" not in response.content.decode()
        assert request_.tracking_token not in read(response).title


@pytest.mark.parametrize("status", EvaluationRequest.Status.values)
def test_every_status_has_its_words(client, request_, address, status):
    if status == "scheduled":
        agree(request_)
    elif status != "new":
        reason = "not reached" if status == "closed" else ""
        services.move(request_, status, by="dana", reason=reason)
    request_.refresh_from_db()
    shown = read(client.get(address))
    with timezone.override(library.published().clinic.time_zone):
        assert shown.says(tracking.patient_status(request_).split(".")[0])
    assert (f"{address}withdraw/" in shown.links) == (status != "closed")


def test_every_status_and_reason_has_words():
    values = {*EvaluationRequest.Status.values, *EvaluationRequest.ClosedReason.values} - {"closed"}
    assert set(tracking.PATIENT_WORDS) == values


@pytest.mark.parametrize(
    ("zone", "sent", "tried", "visit"),
    [
        (
            "Pacific/Kiritimati",
            "November 28, 2026, 1:30 AM +14",
            "November 28, 2026, 2:30 AM +14",
            "December 4, 2026, at 8:00 AM +14",
        ),
        (
            "America/Los_Angeles",
            "November 27, 2026, 3:30 AM PST",
            "November 27, 2026, 4:30 AM PST",
            "December 3, 2026, at 10:00 AM PST",
        ),
    ],
)
def test_all_times_are_the_clinics_and_say_so(client, monkeypatch, zone, sent, tried, visit):
    at = datetime.datetime(2026, 11, 27, 11, 30, tzinfo=datetime.UTC)
    with time_machine.travel(at, tick=False):
        request = make_request()
    with time_machine.travel(at + datetime.timedelta(hours=1), tick=False):
        services.record_contact(request, "reached", by="dana")
    agreed = datetime.datetime(2026, 12, 3, 18, 0, tzinfo=datetime.UTC)
    with time_machine.travel(at + datetime.timedelta(hours=2), tick=False):
        services.schedule(request, agreed, clinician="Dr. Sample", place="Room 2", by="dana")
        monkeypatch.setattr(library.published().clinic, "time_zone", zone)
        address = f"{URL}yours/{request.tracking_token}/"
        shown = read(client.get(address))
        assert shown.says(rf"^\w+day, {re.escape(sent)}$")
        assert shown.says(rf"^\w+day, {re.escape(tried)}: We spoke with you")
        assert shown.says(rf"on \w+day, {re.escape(visit)}")
        assert shown.says("Times are in our clinic's time zone")
        assert "11:30 AM" not in shown.text
        # A calendar reckons in its own zone, from the very moment.
        (event,) = icalendar.Calendar.from_ical(client.get(f"{address}visit.ics").content).walk("VEVENT")
        assert event["dtstart"].dt == agreed


def test_a_page_that_tells_no_time_does_not_ask_for_the_zone(client, monkeypatch):
    def away():
        raise OperationalError

    monkeypatch.setattr(library, "published_and_due", away)
    assert client.get("/robots.txt").status_code == 200


@pytest.mark.parametrize(
    ("error", "name", "clock"),
    [(OperationalError, "America/New_York", "7:00 AM"), (library.NothingPublishedError, "UTC", "12:00 PM")],
)
def test_without_the_database_the_zone_is_the_last_known_and_before_the_first_words_utc(
    rf, monkeypatch, error, name, clock
):
    def away():
        raise error

    def view(request):
        noon = datetime.datetime(2026, 11, 27, 12, 0, tzinfo=datetime.UTC)
        told = date_format(timezone.localtime(noon), "g:i A")
        return HttpResponse(f"{timezone.get_current_timezone_name()} {told}")

    library.published()
    monkeypatch.setattr(library, "published_and_due", away)
    assert LibraryMiddleware(view)(rf.get("/")).content.decode() == f"{name} {clock}"
    assert timezone.get_current_timezone_name() == "UTC", "the next request has its own"


def test_what_is_withdrawn_promises_no_call(client, request_, address):
    assert read(client.get(address)).says("Don't wait for our call")
    client.post(f"{address}withdraw/")
    shown = read(client.get(address))
    assert shown.says("We will not contact you about it")
    for promise in ("wait for our call", "Not yet", "First answer by", "You will hear", "can withdraw"):
        assert not shown.says(promise), promise
    assert shown.says("New numbness between the legs", "Get help now"), "that stays"


@pytest.mark.parametrize(("email", "told"), [("canary@mail.example", True), ("", False)])
def test_the_page_speaks_of_mail_only_to_who_gave_an_address(client, email, told):
    request = make_request(email=email)
    shown = read(client.get(f"{URL}yours/{request.tracking_token}/"))
    assert shown.says("the e-mail address that you gave us") == told
    assert "mail.example" not in shown.text
    assert not shown.says("If you gave us")


def test_who_has_sent_a_request_is_thanked(client, address):
    assert read(client.get(address)).says("Thank you for telling us. A person will read this")


def test_the_last_attempt_is_told(client, request_, address):
    assert read(client.get(address)).says("Not yet")
    services.record_contact(request_, "no answer", by="dana")
    services.record_contact(request_, "left message", by="dana")
    assert read(client.get(address)).says("We left you a message")
    assert read(client.get(address)).says("It is your turn")


def test_a_link_that_is_wrong_is_like_one_that_never_was(client, request_):
    token = request_.tracking_token
    answers = set()
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token.swapcase(), "x", request_.tracking_hash, "é"):
        for part in ("", "contact/", "reply-by.ics"):
            response = client.get(f"{URL}yours/{wrong}/{part}")
            assert response.status_code == 404
            answers.add(response.content)
    assert len(answers) == 1


def test_the_token_is_in_no_table_in_the_clear(request_):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(r)::text FROM appointments_evaluationrequest r")
        assert request_.tracking_token not in cursor.fetchone()[0]


def test_withdrawing_asks_once_and_tells_both(client, request_, address):
    assert read(client.get(f"{address}withdraw/")).says("Withdraw your request")
    request_.refresh_from_db()
    assert request_.status == "new", "looking changes nothing"
    assert client.post(f"{address}withdraw/").url == address
    request_.refresh_from_db()
    assert (request_.status, request_.closed_reason) == ("closed", "withdrawn")
    assert read(client.get(address)).says("You withdrew this request")
    kinds = set(request_.messages.values_list("kind", flat=True))
    assert {"staff changed", "patient withdrawn"} <= kinds
    client.post(f"{address}withdraw/")
    assert RequestEvent.objects.filter(kind="withdrawn").count() == 1


def test_contact_details_can_be_corrected_and_the_old_address_is_told(client, request_, address):
    new = {"contact_by": "text", "phone": "555 010 0199", "email": "new@mail.example", "may_text": "on"}
    assert client.post(f"{address}contact/", new).url == f"{address}?changed"
    request_.refresh_from_db()
    assert (request_.phone, request_.email, request_.may_text) == ("+15550100199", "new@mail.example", True)
    assert request_ in EvaluationRequest.objects.from_person(phone="+15550100199")
    assert request_ in EvaluationRequest.objects.from_person(email="NEW@mail.example")
    assert not EvaluationRequest.objects.from_person(email="canary@mail.example")
    told = Message.objects.get(kind="patient changed")
    assert told.to == "canary@mail.example"


def test_what_is_left_empty_stays(client, request_, address):
    client.post(f"{address}contact/", {"contact_by": "email"})
    request_.refresh_from_db()
    assert (request_.contact_by, request_.email, request_.phone) == ("email", "canary@mail.example", "+15550100142")


def test_a_mistake_in_new_details_is_explained_and_kept(client, address):
    response = client.post(f"{address}contact/", {"contact_by": "phone", "phone": "12"})
    assert response.status_code == 422
    assert read(response).says("with its area code")
    assert 'value="12"' in response.content.decode()


def test_times_can_be_added(client, request_, address):
    client.post(f"{address}times/", {"best_times": ["midday"], "times_to_avoid": "not on Monday"})
    request_.refresh_from_db()
    assert (request_.best_times, request_.times_to_avoid) == (["midday"], "not on Monday")
    assert RequestEvent.objects.get(kind="changed").detail == "times"


def test_a_closed_request_is_changed_by_phone_only(client, request_, address):
    services.withdraw(request_)
    response = client.post(f"{address}times/", {"best_times": ["midday"]})
    assert response.status_code == 422
    assert read(response).says("This request is closed")


def test_the_calendar_holds_the_date_and_no_reason(client, request_, address):
    response = client.get(f"{address}reply-by.ics")
    assert response.headers["Content-Type"].startswith("text/calendar")
    (event,) = icalendar.Calendar.from_ical(response.content).walk("VEVENT")
    assert event["dtstart"].dt == datetime.date(2026, 11, 27)
    assert event["dtend"].dt == datetime.date(2026, 11, 28)
    text = response.content.decode().lower()
    for private in ("anary", "pain", "spin", "evaluation", "medici", request_.tracking_token.lower()):
        assert private not in text


# -- With the reference ----------------------------------------------------------------------------------------------


def find(client, reference, proof):
    return client.post(f"{URL}find/", {"reference": reference, "proof": proof})


@pytest.mark.parametrize("proof", ["0142", " 01 42 ", "(555) 010-0142", "canary@mail.example", "Canary@Mail.Example "])
def test_a_request_is_found_by_reference_and_one_detail(client, request_, address, proof):
    for reference in (request_.reference, request_.spoken_reference.lower(), f" {request_.spoken_reference} "):
        assert find(client, reference, proof).url == address


@pytest.mark.parametrize("proof", ["0143", "142", "x", "@", "anary@mail.example", "mail.example", "０１４２", "\x00"])
def test_a_wrong_detail_and_an_unknown_reference_are_answered_alike(client, request_, proof):
    wrong, unknown = find(client, request_.reference, proof), find(client, "CF4HK7PR", "0142")
    assert wrong.status_code == unknown.status_code == 422
    assert read(wrong).says("no request with these details") or "\x00" in proof
    assert read(unknown).says("no request with these details")


def test_a_request_without_an_e_mail_address_is_not_found_by_an_empty_one(client):
    request = make_request()
    assert request.email == ""
    assert tracking.by_reference(request.reference, "") is None
    assert tracking.by_reference(request.reference, " ") is None


# -- A slip in an e-mail address --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sam@gmial.com", "sam@gmail.com"),
        ("sam@gmail.con", "sam@gmail.com"),
        ("sam@yaho.com", "sam@yahoo.com"),
        ("Sam@HOTMIAL.com", "Sam@hotmail.com"),
        ("sam@gmail.com", ""),
        ("sam@clinic.example", ""),
        ("sam@mail.example", ""),
        ("sam", ""),
        ("", ""),
    ],
)
def test_a_slip_is_noticed(typed, meant):
    assert suggestion(typed) == meant
