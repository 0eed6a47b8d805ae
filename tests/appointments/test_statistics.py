"""The numbers of the morning page, against requests made by hand. In this content the clinic is in New York."""

import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from appointments import outbox, statistics
from appointments.models import EvaluationRequest
from tests.factories import make_request
from treatments.library import published
from treatments.models import ClinicSettings

pytestmark = pytest.mark.django_db

NOW = "2026-11-25T15:00:00Z"  # a Wednesday, 10 in the morning in New York; Thanksgiving is tomorrow
WEEK = [f"{day} 09:00-17:00" for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")]


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def clinic(**values):
    given = {"time_zone": "America/New_York", "opening_hours": WEEK, "holidays": ["2026-11-26 Thanksgiving Day"]}
    return ClinicSettings(**(given | values))


def at(text):
    """Return a time in UTC ("2026-11-25T15:00Z") or, without the Z, on the clocks of New York."""
    zone = datetime.UTC if text.endswith("Z") else ZoneInfo("America/New_York")
    return datetime.datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=zone)


def received(when, *, interests=(), **values) -> EvaluationRequest:
    request = make_request(interests=list(interests))
    values = {name: at(value) if name.endswith("_at") else value for name, value in values.items()}
    EvaluationRequest.objects.filter(pk=request.pk).update(received_at=at(when), **values)
    return request


def counted(lines) -> dict:
    """Return only what was counted, as {words: {week: number}}, with the week by its Monday."""
    mondays = statistics.weeks(published()).mondays
    found = {
        words: {f"{mondays[week]:%m-%d}": number for week, number in enumerate(numbers) if number}
        for words, numbers in lines
    }
    return {words: weeks for words, weeks in found.items() if weeks}


# -- Weeks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "week"),
    [
        ("2026-11-23T00:00", "11-23"),
        ("2026-11-22T23:59:59", "11-16"),
        ("2026-11-23T04:59:59Z", "11-16"),  # a Monday in London, still Sunday in New York
        ("2026-11-02T00:00", "11-02"),
        ("2026-11-02T04:59Z", "10-26"),  # the clocks went back on Sunday, so midnight is at 5 now
        ("2026-10-26T04:00Z", "10-26"),  # and was at 4 the week before
        ("2026-09-07T00:00", "09-07"),
        ("2026-09-06T23:59:59", None),  # thirteen weeks ago
    ],
)
def test_a_week_begins_on_monday_at_the_clinic(when, week):
    received(when)
    assert counted(statistics.weeks(published()).outcomes) == ({"Still open": {week: 1}} if week else {})


def test_the_weeks_are_those_of_the_clinics_own_zone(monkeypatch):
    received("2026-11-22T12:00Z")  # Sunday noon in London, Monday one o'clock at night in Auckland
    monkeypatch.setattr(published().clinic, "time_zone", "Pacific/Auckland")
    assert counted(statistics.weeks(published()).outcomes) == {"Still open": {"11-23": 1}}


def test_there_are_twelve_weeks_and_this_one_is_the_last():
    mondays = statistics.weeks(published()).mondays
    assert (len(mondays), mondays[0], mondays[-1]) == (12, datetime.date(2026, 9, 7), datetime.date(2026, 11, 23))


def test_each_request_is_counted_once_by_outcome_and_suspected_spam_apart():
    closed = {"status": "closed", "closed_at": "2026-11-24T10:00"}
    received("2026-11-24T09:00")
    received("2026-11-24T09:00", status="waiting")
    for reason in ("seen", "seen", "withdrawn", "not reached", "not suitable", "duplicate"):
        received("2026-11-17T09:00", closed_reason=reason, **closed)
    received("2026-11-24T09:00", suspicion="flood", interests=["hbot"])
    weeks = statistics.weeks(published())
    assert counted(weeks.outcomes) == {
        "Still open": {"11-23": 2},
        "The evaluation took place": {"11-16": 2},
        "Withdrawn by the patient": {"11-16": 1},
        "We could not reach the patient": {"11-16": 1},
        "Another service is needed": {"11-16": 1},
        "Sent twice": {"11-16": 1},
    }
    assert weeks.received[-2:] == [6, 2]
    assert sum(weeks.received) == 8
    assert weeks.spam[-2:] == [0, 1]
    assert counted(weeks.treatments) == {"Named none": {"11-23": 2, "11-16": 6}}


def test_a_request_counts_with_every_treatment_that_it_names():
    received("2026-11-24T09:00", interests=["hbot", "regenerative"])
    received("2026-11-24T09:00", interests=["hbot", "not-sure"])
    received("2026-11-17T09:00", interests=["hbot"], status="closed", closed_reason="seen", closed_at=NOW)
    received("2026-11-24T09:00", interests=["a family that was taken down"])
    assert counted(statistics.weeks(published()).treatments) == {
        "Hyperbaric oxygen therapy (HBOT)": {"11-16": 1, "11-23": 2},
        "Regenerative medicine": {"11-23": 1},
        "I am not sure": {"11-23": 1},
        "No longer on the website": {"11-23": 1},
    }


def test_what_was_stored_under_an_earlier_key_is_counted_too(settings):
    received("2026-11-24T09:00", interests=["hbot"])
    settings.ENCRYPTION_KEYS = {"new": b"n" * 32} | settings.ENCRYPTION_KEYS
    received("2026-11-24T09:00", interests=["hbot"])
    assert counted(statistics.weeks(published()).treatments) == {"Hyperbaric oxygen therapy (HBOT)": {"11-23": 2}}


# -- First contact -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "answered_at", "minutes"),
    [
        ("2026-11-24T10:00", "2026-11-24T12:30", 150),
        ("2026-11-20T16:00", "2026-11-23T10:00", 120),  # over a weekend
        ("2026-11-21T12:00", "2026-11-23T09:30", 30),  # sent on a Saturday
        ("2026-11-23T20:00", "2026-11-24T08:00", 0),  # answered before opening
        ("2026-11-23T20:00", "2026-11-24T18:00", 480),  # answered after closing
        ("2026-10-30T16:00", "2026-11-02T09:15", 75),  # the clocks went back on Sunday
    ],
)
def test_time_counts_only_while_the_clinic_is_open(when, answered_at, minutes):
    received(when, answered_at=answered_at)
    recent, earlier = statistics.first_contact(clinic())
    assert [one.half for one in (recent, earlier) if one.answered] == [datetime.timedelta(minutes=minutes)]


def test_holidays_and_breaks_do_not_count():
    received("2026-11-24T11:00", answered_at="2026-11-25T14:00")
    noon = clinic(opening_hours=["Tuesday 13:00-17:00", "Tuesday 09:00-12:00", "Wednesday 09:00-12:00"])
    assert statistics.first_contact(noon)[0].half == datetime.timedelta(hours=8)
    closed = clinic(opening_hours=noon.opening_hours, holidays=["2026-11-25 Stock-taking"])
    assert statistics.first_contact(closed)[0].half == datetime.timedelta(hours=5)


def test_a_clinic_that_entered_no_hours_has_the_usual_week():
    received("2026-11-20T16:00", answered_at="2026-11-23T10:00")
    assert statistics.first_contact(clinic(opening_hours=[], holidays=[]))[0].half == datetime.timedelta(hours=2)


def test_a_clinic_that_was_closed_all_along():
    received("2026-11-20T10:00", answered_at="2026-11-23T10:00")
    days = [datetime.date(2026, 9, 1) + datetime.timedelta(days=number) for number in range(120)]
    away = clinic(holidays=[f"{day} Away" for day in days])
    assert statistics.first_contact(away)[0].half == datetime.timedelta()


def test_half_and_nine_of_ten():
    for minutes in range(10, 120, 10):  # 10, 20, … 110
        hours, rest = divmod(minutes, 60)
        received("2026-11-24T09:00", answered_at=f"2026-11-24T{9 + hours:02}:{rest:02}")
    received("2026-11-24T09:00")  # nobody has answered this one
    received("2026-11-24T09:00", answered_at="2026-11-24T16:00", suspicion="flood")
    recent, earlier = statistics.first_contact(clinic())
    assert recent.answered == 11
    assert (recent.half, recent.most) == (datetime.timedelta(minutes=60), datetime.timedelta(minutes=100))
    assert earlier == statistics.FirstContact()


@pytest.mark.parametrize(
    ("when", "counts"),
    [
        ("2026-11-25T00:00", (1, 0)),
        ("2026-10-29T00:00", (1, 0)),  # 28 days, today among them
        ("2026-10-28T23:59:59", (0, 1)),
        ("2026-10-01T00:00", (0, 1)),
        ("2026-09-30T23:59:59", (0, 0)),
    ],
)
def test_the_two_periods(when, counts):
    received(when, answered_at="2026-11-25T09:50")
    assert tuple(one.answered for one in statistics.first_contact(clinic())) == counts


DAY = datetime.date(2026, 11, 20)
CLOSED = {"status": "closed", "closed_reason": "withdrawn"}


@pytest.mark.parametrize(
    ("values", "due", "kept"),
    [
        ({"answered_at": "2026-11-20T23:59:59"}, 1, 1),
        ({"answered_at": "2026-11-21T00:00"}, 1, 0),
        ({"answered_at": "2026-11-21T04:59Z"}, 1, 1),  # the 21st in London, the 20th at the clinic
        ({}, 1, 0),
        ({**CLOSED, "closed_at": "2026-11-20T23:00"}, 0, 0),  # withdrawn in time: there was nothing to answer
        ({**CLOSED, "closed_at": "2026-11-21T00:00"}, 1, 0),
        ({**CLOSED, "closed_at": "2026-11-19T12:00", "answered_at": "2026-11-19T10:00"}, 1, 1),
        ({"reply_by": datetime.date(2026, 11, 25)}, 0, 0),  # today is not over
        ({"reply_by": None}, 0, 0),
        ({"suspicion": "flood"}, 0, 0),
    ],
)
def test_a_promise_is_kept_by_an_answer_on_the_day_itself(values, due, kept):
    received("2026-11-18T10:00", **({"reply_by": DAY} | values))
    recent, earlier = statistics.first_contact(clinic())
    assert (recent.due, recent.kept) == (due, kept)
    assert (earlier.due, earlier.kept) == (0, 0)


# -- Open now --------------------------------------------------------------------------------------------------------


def test_open_requests_by_age_at_their_edges():
    edges = {
        "Since today": ["2026-11-25T00:00"],
        "1 to 3 days": ["2026-11-24T23:59", "2026-11-22T00:00"],
        "4 to 7 days": ["2026-11-21T23:59", "2026-11-18T00:00"],
        "8 to 14 days": ["2026-11-17T23:59", "2026-11-11T00:00"],
        "15 to 28 days": ["2026-11-10T23:59", "2026-10-28T00:00"],
        "More than 28 days": ["2026-10-27T23:59", "2020-01-01T00:00"],
    }
    for times in edges.values():
        for when in times:
            received(when)
    received("2026-11-24T10:00", answered_at="2026-11-24T11:00", status="in hand")
    received("2026-11-24T10:00", status="closed", closed_reason="seen", closed_at="2026-11-24T11:00")
    received("2026-11-24T10:00", suspicion="flood")
    ages = statistics.open_now(clinic()).ages
    assert {words: unanswered for words, _, unanswered in ages} == {words: len(times) for words, times in edges.items()}
    assert {words: total - unanswered for words, total, unanswered in ages if total > unanswered} == {"1 to 3 days": 1}


def test_evaluations_by_the_day_at_the_clinic():
    for when in (
        "2026-11-25T09:00",  # over by now, and still one of today's
        "2026-11-25T23:59",
        "2026-11-26T04:59Z",
        "2026-11-26T00:00",
        "2026-12-01T23:59",
        "2026-12-02T00:00",
        "2027-01-08T10:00",
        "2026-11-24T10:00",
    ):
        received("2026-11-20T10:00", status="scheduled", scheduled_for=at(when))
    closed = {"status": "closed", "closed_reason": "seen", "closed_at": "2026-11-25T09:55"}
    received("2026-11-20T10:00", scheduled_for=at("2026-11-25T09:00"), **closed)
    open_now = statistics.open_now(clinic())
    assert [day.day for day, _ in open_now.visits] == [25, 26, 27, 28, 29, 30, 1]
    assert [count for _, count in open_now.visits] == [3, 1, 0, 0, 0, 0, 1]
    assert open_now.later_visits == 2


# -- Mail ----------------------------------------------------------------------------------------------------------


def test_mail():
    waits, refused, came_back, closed = (make_request(email=f"{name}@mail.example") for name in "abcd")
    messages = [one.messages.get(kind="patient received") for one in (refused, came_back, closed)]
    for message, state in zip(messages, ("failed", "bounced", "failed"), strict=True):
        message.request.messages.filter(kind="staff new").update(state="sent")
        outbox.give_up(message, state)
    EvaluationRequest.objects.filter(pk=closed.pk).update(status="closed", closed_reason="seen", closed_at=at(NOW))
    waits.messages.filter(kind="staff new").update(last_error="SMTPServerDisconnected", due_at=at("2026-11-25T16:00Z"))
    assert statistics.mail() == statistics.Mail(queued=2, tried=1, stuck=0, failed=1, bounced=1)
    with time_machine.travel("2026-11-25T15:10:01Z", tick=False):
        assert statistics.mail().stuck == 1
