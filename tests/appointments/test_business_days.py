"""The day by which the clinic answers: open days only, on the clinic's own calendar and clock."""

import datetime

import pytest

from appointments.business_days import reply_by
from treatments.models import ClinicSettings

WEEK = [f"{day} 09:00-17:00" for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")]


def clinic(**values):
    return ClinicSettings(**({"time_zone": "America/New_York", "opening_hours": WEEK, "holidays": []} | values))


@pytest.mark.parametrize(
    ("received", "expected", "same_day"),
    [
        ("2026-11-23T10:00", "2026-11-25", "2026-11-23"),  # Monday morning
        ("2026-11-23T06:00", "2026-11-25", "2026-11-23"),  # before opening
        ("2026-11-23T16:59", "2026-11-25", "2026-11-23"),
        ("2026-11-23T17:00", "2026-11-27", "2026-11-24"),  # closed: counts as Tuesday; Thursday is a holiday
        ("2026-11-25T10:00", "2026-11-30", "2026-11-25"),  # over Thanksgiving and a weekend
        ("2026-11-26T10:00", "2026-12-01", "2026-11-27"),  # on the holiday
        ("2026-11-28T10:00", "2026-12-02", "2026-11-30"),  # Saturday
        ("2026-12-31T18:00", "2027-01-06", "2027-01-04"),  # over the new year
    ],
)
def test_it_counts_open_days(received, expected, same_day):
    zone = datetime.timezone(datetime.timedelta(hours=-5))  # New York in winter
    at = datetime.datetime.fromisoformat(received).replace(tzinfo=zone)
    calendar = clinic(holidays=["2026-11-26 Thanksgiving", "2027-01-01 New Year's Day"])
    assert reply_by(at, calendar).isoformat() == expected
    assert reply_by(at, calendar, same_day=True).isoformat() == same_day


def test_the_clock_is_the_clinics():
    # 22:30 on Monday in New York is Tuesday in UTC, and after closing time either way.
    late = datetime.datetime(2026, 11, 24, 3, 30, tzinfo=datetime.UTC)
    assert reply_by(late, clinic()).isoformat() == "2026-11-26"
    # In summer the clinic closes at 21:00 UTC, in winter at 22:00.
    assert reply_by(datetime.datetime(2026, 7, 6, 21, 30, tzinfo=datetime.UTC), clinic(), same_day=True).day == 7
    assert reply_by(datetime.datetime(2026, 11, 23, 21, 30, tzinfo=datetime.UTC), clinic(), same_day=True).day == 23


def test_the_clinic_says_how_many_days():
    monday = datetime.datetime(2026, 11, 23, 15, tzinfo=datetime.UTC)
    assert reply_by(monday, clinic(reply_within_days=1)).isoformat() == "2026-11-24"
    assert reply_by(monday, clinic(reply_within_days=30)).isoformat() == "2027-01-04"


@pytest.mark.parametrize(
    "values",
    [
        {"opening_hours": []},
        {"holidays": [f"{datetime.date(2026, 11, 23) + datetime.timedelta(days=n)} Closed" for n in range(400)]},
    ],
)
def test_a_calendar_without_open_days_still_gives_a_day(values):
    monday = datetime.datetime(2026, 11, 23, 15, tzinfo=datetime.UTC)
    assert reply_by(monday, clinic(**values)).isoformat() == "2026-11-25"


def test_a_clinic_open_one_day_a_week():
    monday = datetime.datetime(2026, 11, 23, 15, tzinfo=datetime.UTC)
    assert reply_by(monday, clinic(opening_hours=["Thursday 09:00-12:00"])).isoformat() == "2026-12-10"
