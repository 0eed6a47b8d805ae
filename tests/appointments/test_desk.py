"""The desk, act by act: what staff do, what the patient reads afterwards, and what is on record."""

import datetime
import re
from zoneinfo import ZoneInfo

import icalendar
import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from appointments import access, outbox, privacy, services, waiting
from appointments.models import Access, EvaluationRequest, RequestEvent, RequestNote, SavedView
from appointments.models.statuses import MOVES, Status
from tests.appointments.test_front_desk import buttons
from tests.factories import agree, make_request, make_user, sign_in
from tests.stored import rows_of_every_table

pytestmark = pytest.mark.django_db
LIST = "/admin/appointments/evaluationrequest/"
NOON = datetime.datetime(2026, 11, 30, 17, tzinfo=datetime.UTC)  # a Monday, noon at the clinic
TODAY = datetime.date(2026, 11, 30)


@pytest.fixture
def monday():
    """The clinic's clock stands at noon of a Monday on which it is open."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def desk(monday):
    client = Client()
    client.user = make_user(role="front desk")
    sign_in(client, client.user)
    return client


def act(client, request, act, **values):
    """Press a button of the page of a request as it is now, and return the page that follows."""
    response = client.post(buttons(client, request), {"act": act} | values, follow=True)
    request.refresh_from_db()
    return response.content.decode()


def opened(client, request):
    return client.get(f"{LIST}{request.pk}/change/").content.decode()


def patient_page(request):
    return Client().get(f"/request-evaluation/yours/{request.tracking_token}/").content.decode()


def shown(client, **filters):
    """The references in the queue, in its order."""
    html = client.get(LIST, filters).content.decode()
    return re.findall(r"data-row>([^<]+)<", html)


def record(request):
    return list(RequestEvent.objects.filter(reference=request.reference).values_list("kind", "detail", "by"))


# -- Statuses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("then", Status.values)
@pytest.mark.parametrize("now", Status.values)
def test_the_database_allows_the_same_moves_as_the_table(now, then):
    request = make_request()
    closed = {"closed_reason": "seen", "closed_at": timezone.now()}
    rows = EvaluationRequest.objects.filter(pk=request.pk)
    open_again = {"closed_reason": "", "closed_at": None}
    if now != Status.NEW:
        rows.update(status=now, **(closed if now == Status.CLOSED else {}))
    values = closed if then == Status.CLOSED else open_again
    if then == now or then in MOVES[now]:
        rows.update(status=then, **values)
    else:
        with pytest.raises(IntegrityError, match="cannot go from"), transaction.atomic():
            rows.update(status=then, **values)


def test_a_status_can_be_put_back_by_undoing_alone(desk):
    request = make_request()
    services.record_contact(request, "no answer", by="dana")
    rows = EvaluationRequest.objects.filter(pk=request.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(status="new")
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(status="waiting", status_before="closed") and rows.update(status="new", status_before="")


# -- Calls -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attempt", "status", "day"),
    [
        ("no answer", "in hand", datetime.date(2026, 12, 1)),
        ("wrong number", "in hand", datetime.date(2026, 12, 1)),
        ("left message", "waiting", datetime.date(2026, 12, 2)),
        ("reached", "in hand", None),
    ],
)
def test_a_call_in_two_clicks_comes_back_on_its_day(desk, monday, attempt, status, day):
    request = make_request(reply_by=TODAY)
    html = act(desk, request, "contact", value=attempt)
    assert "Done, and put on record." in html
    assert (request.status, request.next_try_on) == (status, day)
    if day:
        assert f"comes back by itself on {day:%A}" in html
        assert shown(desk) == []
        assert shown(desk, show="later") == [request.spoken_reference]
        monday.move_to(NOON + (day - TODAY))
        sign_in(desk, desk.user)
    assert shown(desk) == [request.spoken_reference]


def test_the_weekend_and_holidays_are_left_out(desk, monday):
    monday.move_to(datetime.datetime(2026, 12, 24, 17, tzinfo=datetime.UTC))  # a Thursday before a holiday
    request = make_request()
    services.record_contact(request, "no answer", by="dana")
    request.refresh_from_db()
    assert request.next_try_on == datetime.date(2026, 12, 28)


def test_after_three_tries_calling_stops_and_a_letter_is_due(desk, monday):
    request = make_request(name="Sample Person")
    assert "A letter is sent after 3" in act(desk, request, "letter")
    for attempt in ("no answer", "left message", "wrong number"):
        assert "stop calling" not in opened(desk, request)
        html = act(desk, request, "contact", value=attempt)
    assert "3 tries in vain: stop calling" in html
    assert request.next_try_on == TODAY, "it is not out of the way: the letter has to be written"
    assert "Send the letter" in desk.get(LIST).content.decode()
    letter = desk.get(f"{LIST}{request.pk}/letter/").content.decode()
    for words in ("Dear Sample Person", "3 times", request.spoken_reference, "Monday, December 14, 2026"):
        assert words in letter
    for private in ("leg", "interventional", "pain", "Spine"):
        assert private not in letter.partition('class="letter"')[2], "anybody may open a letter"
    act(desk, request, "letter")
    assert (request.status, request.letter_on) == ("waiting", TODAY)
    assert shown(desk) == []
    monday.move_to(NOON + datetime.timedelta(days=14))
    sign_in(desk, desk.user)
    assert "No answer to our letter" in desk.get(LIST).content.decode()
    services.change_by_patient(request, {"best_times": ["morning", "midday"]})
    request.refresh_from_db()
    assert (request.tries, request.letter_on) == (0, None), "they were heard from"


def test_who_chose_a_warning_sign_stays_in_sight_until_spoken_with(desk):
    request = make_request(needs_same_day_call=True)
    for attempt in ("no answer", "left message"):
        act(desk, request, "contact", value=attempt)
        assert shown(desk) == shown(desk, show="call") == [request.spoken_reference]
    assert "today" in act(desk, request, "put off", day="2026-12-03")
    assert request.next_try_on == TODAY
    act(desk, request, "contact", value="reached")
    assert shown(desk, show="call") == []


def test_a_request_is_put_off_to_a_day(desk, monday):
    request = make_request(reply_by=datetime.date(2026, 12, 31))
    for wrong in ("2026-11-30", "2025-01-01", "2028-01-01"):
        assert "Choose a day from tomorrow on" in act(desk, request, "put off", day=wrong)
    assert 'value="2028-01-01"' in act(desk, request, "put off", day="2028-01-01"), "what was typed stays"
    assert "Enter a valid date" in act(desk, request, "put off", day="soon")
    act(desk, request, "put off", day="2026-12-07")
    assert "To be taken up again later (Monday, December 7, 2026), by front-desk" in opened(desk, request)
    assert shown(desk) == []


def test_a_promised_answer_is_not_put_off(desk, monday):
    request = make_request(reply_by=datetime.date(2026, 12, 2))
    assert "We promised an answer by Wednesday, December 2." in act(desk, request, "put off", day="2026-12-03")
    act(desk, request, "put off", day="2026-12-02")
    assert request.next_try_on == datetime.date(2026, 12, 2)
    act(desk, request, "contact", value="left message")
    act(desk, request, "put off", day="2026-12-07")
    assert request.next_try_on == datetime.date(2026, 12, 7), "a message was an answer"
    late = make_request(reply_by=datetime.date(2026, 11, 2))
    assert "We promised an answer" in act(desk, late, "put off", day="2026-12-02")
    act(desk, late, "put off", day="2026-12-01")
    assert late.next_try_on == datetime.date(2026, 12, 1)


# -- How to reach somebody ------------------------------------------------------------------------------------------


def test_it_says_which_click_would_be_undone(desk, monday):
    request = make_request()
    act(desk, request, "contact", value="no answer")
    assert 'Undo my last click</button> <span class="quiet">No answer</span>' in opened(desk, request)


def test_a_wrong_number_is_put_right(desk, monday):
    request = make_request(email="old@mail.example")
    act(desk, request, "contact", value="wrong number")
    mails = request.messages.count()
    right = {"contact_by": "email", "phone": "(555) 010-0177", "email": "new@mail.example"}
    act(desk, request, "correct", **right)
    assert (request.phone, request.email, request.contact_by) == ("+15550100177", "new@mail.example", "email")
    assert (request.tries, request.next_try_on) == (0, None), "it is to be taken up again"
    assert search(desk, "0177") == [request.spoken_reference]
    assert search(desk, "old@mail.example") == []
    html = opened(desk, request)
    assert "How to reach them was put right (how to reach them), by front-desk" in html
    assert "0177" not in str(list(RequestEvent.objects.values()))
    assert request.messages.count() == mails, "a wrong address may be that of a stranger"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"contact_by": "phone", "phone": "12"}, "phone number"),
        ({"contact_by": "email", "email": "no address"}, "Enter an e-mail address like"),
        ({"contact_by": "email"}, "Enter an e-mail address, because you chose e-mail"),
        ({"contact_by": "phone"}, "This is what we have already."),
        ({}, "Choose how we should reach you"),
    ],
)
def test_what_cannot_be_right_is_explained_and_stays(desk, typed, said):
    request = make_request()
    html = act(desk, request, "correct", **typed)
    assert said in html
    for value in typed.values():
        assert f'value="{value}"' in html
    assert (request.phone, request.email) == ("+15550100142", "")


def test_a_closed_request_keeps_its_number(desk):
    request = make_request()
    services.move(request, "closed", reason="seen", by="sam")
    assert "This request is closed" in act(desk, request, "correct", contact_by="phone", phone="(555) 010-0177")


def test_mail_that_is_sent_again_goes_to_the_address_that_was_put_right(desk):
    request = make_request(email="old@mail.example")
    message = request.messages.get(kind="patient received")
    outbox.give_up(message, "failed")
    services.correct_contact(request, {"email": "new@mail.example"}, by="sam")
    act(desk, request, "send again", value=str(message.pk))
    message.refresh_from_db()
    assert message.to == "new@mail.example"


# -- The evaluation ----------------------------------------------------------------------------------------------------

VISIT = {"day": "2026-12-03", "time": "14:30", "clinician": "Dr. Sample", "place": "Room 2"}


def test_an_evaluation_is_agreed_moved_and_cancelled(desk, monday):
    request = make_request(email="a@mail.example", needs_same_day_call=True)
    act(desk, request, "schedule", **VISIT)
    assert request.status == "scheduled"
    assert request.scheduled_for == datetime.datetime(2026, 12, 3, 14, 30, tzinfo=ZoneInfo("America/New_York"))
    page = patient_page(request)
    for words in ("Thursday, December 3, 2026, at 2:30 PM", "Dr. Sample", "Room 2"):
        assert words in page
        assert words in opened(desk, request), "staff read what the patient reads"
    assert shown(desk) == []
    assert shown(desk, show="scheduled") == [request.spoken_reference]

    moved = VISIT | {"day": "2026-12-04"}
    assert "Say why it is moved." in act(desk, request, "schedule", **moved)
    act(desk, request, "schedule", reason="patient", **moved)
    assert "Friday, December 4, 2026, at 2:30 PM" in patient_page(request)
    assert "Cancel it first" in act(desk, request, "move", value="waiting")
    act(desk, request, "cancel", reason="clinic")
    assert (request.status, request.scheduled_for, request.clinician) == ("in hand", None, "")
    assert "December 4" not in patient_page(request)
    assert [line[:2] for line in record(request)][1:] == [
        ("scheduled", ""), ("rescheduled", "patient"), ("cancelled", "clinic"),
    ]  # fmt: skip
    news = request.messages.filter(kind="patient news")
    assert news.count() == 3


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"day": ""}, "Choose a day."),
        ({"time": "25:00"}, "Enter a valid time"),
        ({"clinician": ""}, "Say with whom."),
        ({"place": "x" * 201}, "at most 200 characters"),
        ({"day": "2026-11-01"}, "This time has passed"),
        ({"day": "2027-03-14", "time": "02:30"}, "the clocks change"),
    ],
)
def test_a_mistake_in_an_evaluation_loses_nothing(desk, wrong, error):
    request = make_request()
    html = act(desk, request, "schedule", **(VISIT | wrong))
    assert error in html
    assert request.status == "new"
    for name, value in (VISIT | wrong).items():
        assert f'name="{name}" value="{value}"' in html or not value


def test_the_patient_gets_a_calendar_file_of_the_evaluation(desk):
    request = make_request()
    address = f"/request-evaluation/yours/{request.tracking_token}/visit.ics"
    assert Client().get(address).status_code == 404
    agree(request)
    assert "visit.ics" in patient_page(request)
    (event,) = icalendar.Calendar.from_ical(Client().get(address).content).walk("VEVENT")
    assert event.decoded("dtstart") == EvaluationRequest.objects.get().scheduled_for.replace(microsecond=0)
    for private in ("Sample Patient", "spine", "pain", "evaluation"):
        assert private not in event.to_ical().decode().lower().replace("dr. sample", "")


def test_what_became_of_an_evaluation_has_to_be_entered_when_its_time_is_over(desk, monday):
    request = make_request()
    agree(request, days=1)
    monday.shift(datetime.timedelta(days=1, hours=1))
    sign_in(desk, desk.user)
    assert shown(desk) == [request.spoken_reference]
    assert "Did it take place?" in desk.get(LIST).content.decode()


def test_the_evaluations_of_a_day_are_listed_by_time(desk):
    times = {"late": datetime.timedelta(hours=5), "early": datetime.timedelta(hours=1)}
    made = {name: make_request(name=f"Sample {name}", access_needs=["hearing"]) for name in times}
    for name, request in made.items():
        services.schedule(request, NOON + times[name], clinician="Dr. Sample", place="Room 2", by="dana")
    other = make_request(name="Sample other")
    services.schedule(other, NOON + datetime.timedelta(days=1), clinician="Dr. Sample", place="Room 2", by="dana")
    html = desk.get(f"{LIST}day/").content.decode()
    assert html.index("1:00 PM") < html.index("Sample early") < html.index("5:00 PM") < html.index("Sample late")
    assert "Trouble hearing" in html
    assert "Sample other" not in html
    assert "Sample other" in desk.get(f"{LIST}day/?on=2026-12-01").content.decode()
    assert "No evaluation is agreed" in desk.get(f"{LIST}day/?on=2026-12-24").content.decode()
    assert desk.get(f"{LIST}day/?on=nonsense").status_code == 200
    line = Access.objects.filter(kind="printed").last()
    assert sorted(line.references) == sorted(request.reference for request in made.values())


# -- Undo ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("contact", {"value": "reached"}),
        ("contact", {"value": "left message"}),
        ("move", {"value": "waiting"}),
        ("close", {"reason": "seen"}),
        ("put off", {"day": "2026-12-02"}),
    ],
)
def test_a_mistaken_click_is_undone_and_both_stay_on_record(desk, name, values):
    request = make_request(needs_same_day_call=name != "put off")
    columns = [field.attname for field in EvaluationRequest._meta.concrete_fields]
    before = EvaluationRequest.objects.values(*columns).get()
    act(desk, request, name, **values)
    assert EvaluationRequest.objects.values(*columns).get() != before
    html = act(desk, request, "undo")
    assert EvaluationRequest.objects.values(*columns).get() == before
    assert "undone)" in html
    assert record(request)[0][0] == "received"
    assert len(record(request)) == 3
    assert "Not yet" in patient_page(request), "a call that was none is not told to the patient"
    assert "can no longer be undone" in act(desk, request, "undo")


def test_only_who_clicked_can_undo_and_only_for_a_while(desk, monday):
    request = make_request()
    act(desk, request, "contact", value="reached")
    other = Client()
    sign_in(other, make_user(role="manager"))
    assert "Undo my last click" not in opened(other, request)
    assert "can no longer be undone" in act(other, request, "undo")
    assert "Undo my last click" in opened(desk, request)
    act(desk, request, "note", text="Sample note.")
    assert "Undo my last click" in opened(desk, request), "a note stands in nobody's way"
    monday.shift(datetime.timedelta(minutes=16))
    sign_in(desk, desk.user)
    assert "Undo my last click" not in opened(desk, request)
    assert "can no longer be undone" in act(desk, request, "undo")


def test_what_the_patient_did_since_is_never_undone(desk):
    request = make_request()
    act(desk, request, "contact", value="reached")
    services.withdraw(request)
    assert "can no longer be undone" in act(desk, request, "undo")
    assert request.closed_reason == "withdrawn"


# -- Notes, owners, and two people at once ---------------------------------------------------------------------------


def test_notes_are_for_staff_alone_and_stay_as_they_are(desk):
    request = make_request()
    html = act(desk, request, "note", text="Sample note <b>\nof two lines.")
    assert "Sample note &lt;b&gt;<br>of two lines." in html
    assert "Sample note" not in patient_page(request)
    note = RequestNote.objects.get()
    assert (note.by, note.at) == ("front-desk", NOON)
    for change in (lambda: RequestNote.objects.update(by="x"), RequestNote.objects.all().delete):
        with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
            change()
    privacy.erase([request], by="mo")
    assert not RequestNote.objects.exists()


def test_a_note_stands_encrypted(desk):
    act(desk, make_request(), "note", text="canary note")
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM appointments_requestnote")
        assert cursor.fetchone()[0].startswith("v1:")


def test_two_clerks_at_once_one_wins_and_the_other_loses_no_word(desk):
    request = make_request()
    address = buttons(desk, request)
    services.record_contact(request, "no answer", by="dana")
    response = desk.post(address, {"act": "schedule"} | VISIT)
    assert response.status_code == 409
    html = response.content.decode()
    assert "Something has just happened" in html
    assert "No answer, by dana" in html
    assert 'value="Dr. Sample"' in html
    request.refresh_from_db()
    assert request.status == "in hand"
    assert desk.post(address, {"act": "note", "text": "Sample note."}).status_code == 302, "a note harms nobody's work"
    assert RequestNote.objects.get().text == "Sample note."


def test_who_looks_after_a_request(desk):
    request, other = make_request(), make_user(role="manager")
    stranger = make_user(role="editor")
    assert shown(desk, show="unassigned") == [request.spoken_reference]
    act(desk, request, "give", value=desk.user.pk)
    assert shown(desk, show="mine") == shown(desk, owner="me") == [request.spoken_reference]
    act(desk, request, "give", value=other.pk)
    assert shown(desk, owner="others") == [request.spoken_reference]
    assert "cannot look after requests" in act(desk, request, "give", value=stranger.pk)
    act(desk, request, "give", value="nobody")
    assert shown(desk, owner="nobody") == [request.spoken_reference]
    assert [line[1] for line in record(request)][1:] == ["front-desk", "manager", "nobody"]


def test_who_else_has_a_request_open_is_said(desk, monday):
    request = make_request()
    other = Client()
    sign_in(other, make_user(role="manager"))
    assert "open too" not in opened(other, request)
    assert "<b>Sam Sample-Manager</b>" in opened(desk, request)
    monday.shift(datetime.timedelta(minutes=1))
    assert "Sample-Manager" in desk.post(f"{LIST}{request.pk}/here/").content.decode()
    monday.shift(datetime.timedelta(minutes=2))
    assert desk.post(f"{LIST}{request.pk}/here/").content.decode().strip() == ""


def test_the_next_request_to_do_is_one_click_away(desk):
    first, second = (make_request(reply_by=TODAY + datetime.timedelta(days=days)) for days in (0, 1))
    assert desk.get(f"{LIST}next/").url == f"{LIST}{first.pk}/change/"
    assert desk.get(f"{LIST}next/?after={first.pk}").url == f"{LIST}{second.pk}/change/"
    services.move(second, "closed", reason="seen", by="dana")
    assert desk.get(f"{LIST}next/?after={first.pk}").url == LIST
    assert "nothing else to do now" in desk.get(LIST).content.decode()


# -- The same person twice ---------------------------------------------------------------------------------------------


def test_requests_of_one_person_are_shown_side_by_side_and_never_joined(desk):
    first = make_request(name="Sample Person", message="my leg")
    second = make_request(name="Sample P.", message="my back")
    other = make_request(name="Sample Other", phone="+15550100199")
    html = opened(desk, second)
    assert first.spoken_reference in html
    assert other.spoken_reference not in html
    html = desk.get(f"{LIST}{second.pk}/beside/{first.pk}/").content.decode()
    assert "my leg" in html
    assert "my back" in html
    assert html.count("Differs") >= 2
    (address,) = re.findall(rf'action="([^"]*/{second.pk}/handle/[^"]*)"', html)
    closing = {"act": "close", "reason": "duplicate", "duplicate_of": first.spoken_reference}
    desk.post(address, closing)
    second.refresh_from_db()
    assert second.duplicate_of == first
    assert f'We go on with <a href="{LIST}{first.pk}/change/">' in opened(desk, second)
    first.refresh_from_db()
    assert first.status == "new"
    refused = act(desk, first, "close", reason="duplicate", duplicate_of=second.spoken_reference)
    assert "Enter the reference of the request that you go on with" in refused
    act(desk, second, "move", value="in hand")
    assert second.duplicate_of is None


# -- The queue -----------------------------------------------------------------------------------------------------


def search(client, words):
    html = client.post(f"{LIST}search/", {"words": words}, follow=True).content.decode()
    return re.findall(r"data-row>([^<]+)<", html)


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        ("Mar", True), ("garcia", True), ("GARCÍA mar", True), ("mar gar", True), ("oneill", True), ("o'neill", True),
        ("helper", True), ("0142", True), ("(555) 010-0142", True), ("555.010.0142", True), ("+1 555 010 0142", True),
        ("maria@mail.example", True), ("MARIA@mail.example", True), ("arcia", False), ("mar smith", False),
        ("m", False), ("maria@mail.other", False), ("0143", False), ("%", False), ("_", False), ("", True),
    ],
)  # fmt: skip
def test_a_person_is_found_by_what_one_knows_of_them(desk, words, finds):
    request = make_request(
        name="María García O'Neill", phone="+15550100142", email="maria@mail.example", for_whom="other",
        helper_name="Sample Helper",
    )  # fmt: skip
    assert search(desk, words) == ([request.spoken_reference] if finds else [])
    if len(words) > 2:
        assert words not in rows_of_every_table()["django_session"], "it is a name, so it stands nowhere in clear"


@pytest.mark.parametrize("typed", ["CF4HK7PR", "cf4-hk7-pr", " cf4 hk7 pr "])
def test_a_request_is_found_by_its_reference_wherever_it_lies(desk, typed):
    for changes in ({}, {"suspicion": "too fast"}):
        request = make_request(**changes)
        EvaluationRequest.objects.filter(pk=request.pk).update(reference="CF4HK7PR")
        assert search(desk, typed) == ["CF4-HK7-PR"]
        EvaluationRequest.objects.filter(pk=request.pk).update(reference=request.reference)


def test_what_one_looks_for_stands_in_no_address(desk):
    response = desk.post(f"{LIST}search/", {"words": "canary"})
    assert response.status_code == 302
    assert "canary" not in response.url
    html = desk.get(response.url).content.decode()
    assert 'value="canary"' in html, "it stays in the field"
    assert "Nobody was found" in html
    assert "canary" not in html.partition("</title>")[0]


def test_a_name_is_found_under_an_old_key_and_under_the_new_one(desk, settings):
    request = make_request(name="Zebra Sample")
    settings.ENCRYPTION_KEYS = {"new": b"n" * 32} | settings.ENCRYPTION_KEYS
    assert search(desk, "zeb") == [request.spoken_reference]
    list(privacy.reencrypt())
    settings.ENCRYPTION_KEYS = {"new": b"n" * 32}
    assert search(desk, "zeb") == [request.spoken_reference]
    assert shown(desk, treatment="interventional") == [request.spoken_reference]


@pytest.mark.parametrize(
    ("filters", "finds"),
    [
        ({"treatment": "hbot"}, "hbot"), ({"treatment": "not-sure"}, "unsure"), ({"status": "in hand"}, "hand"),
        ({"age": "older"}, "old"), ({"show": "all", "age": "older", "treatment": "hbot"}, ""),
    ],
)  # fmt: skip
def test_filters(desk, monday, filters, finds):
    monday.shift(-datetime.timedelta(days=40))
    made = {"old": make_request()}
    monday.shift(datetime.timedelta(days=40))
    made |= {"hbot": make_request(interests=["hbot"]), "unsure": make_request(interests=["not-sure"])}
    made["hand"] = make_request()
    services.record_contact(made["hand"], "reached", by="dana")
    assert shown(desk, **filters) == ([made[finds].spoken_reference] if finds else [])


def test_age_is_counted_in_days_of_the_clinic(desk, monday):
    monday.move_to("2026-11-30T04:30:00Z")  # Sunday evening at the clinic
    sunday = make_request()
    monday.move_to("2026-11-30T05:30:00Z")
    early = make_request()
    assert shown(desk, age="today") == [early.spoken_reference]
    assert set(shown(desk, age="week")) == {sunday.spoken_reference, early.spoken_reference}


@pytest.mark.parametrize("query", [{"show": "x"}, {"age": "x"}, {"treatment": "x'"}, {"owner": "1"}, {"page": "x"}])
def test_nonsense_in_an_address_shows_the_usual_queue(desk, query):
    request = make_request()
    assert shown(desk, **query) == [request.spoken_reference]


def test_a_view_is_saved_opened_and_forgotten(desk):
    views = f"{LIST}views/"
    filters = {"show": "waiting", "treatment": "hbot", "words": "canary"}
    html = desk.post(views, filters | {"name": "Oxygen"}, follow=True).content.decode()
    assert "is saved" in html
    view = SavedView.objects.get()
    assert view.query == "show=waiting&treatment=hbot"
    assert 'href="?show=waiting&amp;treatment=hbot">Oxygen' in desk.get(LIST).content.decode()
    assert "a view with this name" in desk.post(views, filters | {"name": "Oxygen"}, follow=True).content.decode()
    assert "a name of its own" in desk.post(views, filters, follow=True).content.decode()
    other = Client()
    sign_in(other, make_user(role="manager"))
    assert "Oxygen" not in other.get(LIST).content.decode()
    assert other.post(views, {"forget": view.pk}).status_code == 404
    desk.post(views, {"forget": view.pk})
    assert not SavedView.objects.exists()


def test_several_are_given_to_me_and_put_on_the_shelf_at_once(desk):
    first, second, third = (make_request() for _ in range(3))
    many = f"{LIST}many/"
    picked = {"pick": [first.pk, second.pk], "back": "show=unassigned&x=y"}
    response = desk.post(many, picked | {"act": "mine"})
    assert response.url == f"{LIST}?show=unassigned"
    assert set(shown(desk, show="mine")) == {first.spoken_reference, second.spoken_reference}
    desk.post(many, picked | {"act": "shelve"})
    assert set(shown(desk, show="spam")) == {first.spoken_reference, second.spoken_reference}
    desk.post(many, picked | {"act": "unshelve"})
    assert len(shown(desk, show="spam")) == 0
    for nonsense in ({"act": "mine"}, {"pick": [third.pk], "act": "close"}, {"pick": ["x"], "act": "mine"}):
        assert "Nothing was changed" in desk.post(many, nonsense, follow=True).content.decode()
    third.refresh_from_db()
    assert (third.owner, third.status) == (None, "new")


def test_pages_of_the_queue(desk):
    for _ in range(51):
        make_request()
    first, second = shown(desk), shown(desk, page=2)
    assert (len(first), len(second)) == (50, 1)
    assert set(first).isdisjoint(second)


def test_the_numbers_on_the_tabs_are_those_of_the_lists(desk):
    make_request(needs_same_day_call=True)
    make_request(reply_by=datetime.date(2026, 11, 2))
    make_request(suspicion="too fast")
    waits = make_request()
    services.move(waits, "waiting", by="dana")
    agree(make_request())
    mine = make_request()
    services.give(mine, desk.user, by="dana")
    counts = waiting.counts(TODAY, desk.user)
    for name in ("now", "call", "overdue", "mine", "unassigned", "waiting", "later", "scheduled", "mail", "spam"):
        assert counts[name] == len(shown(desk, show=name)), name


# -- Who looked --------------------------------------------------------------------------------------------------------


def test_every_look_is_on_record(desk):
    request, other = make_request(), make_request(phone="+15550100143")
    pages = {
        LIST: ("listed", {request.reference, other.reference}),
        f"{LIST}{request.pk}/change/": ("viewed", {request.reference}),
        f"{LIST}{request.pk}/print/": ("printed", {request.reference}),
        f"{LIST}{request.pk}/letter/": ("printed", {request.reference}),
        f"{LIST}{request.pk}/beside/{other.pk}/": ("viewed", {request.reference, other.reference}),
    }
    for address, (kind, references) in pages.items():
        before = Access.objects.count()
        assert desk.get(address, REMOTE_ADDR="192.0.2.7").status_code == 200
        line = Access.objects.get(pk=Access.objects.latest("pk").pk)
        assert Access.objects.count() == before + 1, address
        assert (line.kind, set(line.references)) == (kind, references)
        assert (line.by, line.address, line.at) == ("front-desk", "192.0.2.7", NOON)
    search(desk, "0142")
    line = Access.objects.latest("pk")
    assert (line.kind, line.references) == ("found", [request.reference])
    assert "0142" not in str(vars(line).values())
    html = opened(desk, request)
    assert "Who has seen this request" in html
    assert re.search(r'<th scope="row">front-desk</th><td>3</td><td>2</td><td>2</td><td>0</td>', html)


def test_what_cannot_be_recorded_is_not_shown(desk, monkeypatch):
    request = make_request()

    def fail(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(Access.objects, "create", fail)
    desk.raise_request_exception = False
    for address in (LIST, f"{LIST}{request.pk}/change/", f"{LIST}{request.pk}/print/", f"{LIST}day/"):
        response = desk.get(address)
        assert response.status_code == 503
        assert "Sample Patient" not in response.content.decode()


def test_the_record_of_looks_cannot_be_changed(desk):
    desk.get(f"{LIST}{make_request().pk}/change/")
    assert access.of_request(EvaluationRequest.objects.get().reference).exists()
    for change in (lambda: Access.objects.update(by="x"), Access.objects.all().delete):
        with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
            change()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE appointments_access")


def test_who_opens_a_request_again_and_again_is_one_line_of_what_happened(desk, monday):
    request = make_request()
    for _ in range(4):
        html = opened(desk, request)
    assert html.count("Opened it, by front-desk") == 1
    monday.shift(datetime.timedelta(hours=1))
    sign_in(desk, desk.user)
    assert opened(desk, request).count("Opened it, by front-desk") == 2


def test_the_queue_costs_few_queries(desk, django_assert_max_num_queries):
    for _ in range(20):
        make_request()
    desk.get(LIST)  # a process reads the published words once
    with django_assert_max_num_queries(10):
        desk.get(LIST)
