"""Whether the clinic is open: by its own hours and holidays, on its own clock, wherever the reader is."""

import datetime

import pytest
import time_machine

from treatments import library, opening
from treatments.models import ClinicSettings

WEEK = [f"{day} 09:00-17:00" for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")]
HOLIDAYS = ["2026-11-26 Thanksgiving", "2027-01-01 New Year's Day"]


def at(moment, zone="America/New_York", **values) -> opening.Opening | None:
    clinic = ClinicSettings(**({"time_zone": zone, "opening_hours": WEEK, "holidays": HOLIDAYS} | values))
    return opening.of(clinic, datetime.datetime.fromisoformat(moment))


@pytest.mark.parametrize(
    ("moment", "is_open", "words"),
    [
        ("2026-11-23T08:59-05:00", False, "today at 9:00 AM Eastern"),
        ("2026-11-23T09:00-05:00", True, "today at 5:00 PM Eastern"),
        ("2026-11-23T16:59:59-05:00", True, "today at 5:00 PM Eastern"),
        ("2026-11-23T17:00-05:00", False, "tomorrow, Tuesday, November 24, at 9:00 AM Eastern"),
        ("2026-11-25T20:00-05:00", False, "on Friday, November 27, at 9:00 AM Eastern"),  # the holiday is passed over
        ("2026-11-26T10:00-05:00", False, "tomorrow, Friday, November 27, at 9:00 AM Eastern"),  # on the holiday
        ("2026-11-28T10:00-05:00", False, "on Monday, November 30, at 9:00 AM Eastern"),  # Saturday
        ("2026-12-31T17:00-05:00", False, "on Monday, January 4, at 9:00 AM Eastern"),  # over the new year
        ("2026-07-06T20:30+00:00", True, "today at 5:00 PM Eastern"),  # summer: it closes at 21:00 UTC
        ("2026-11-24T03:30+00:00", False, "tomorrow, Tuesday, November 24, at 9:00 AM Eastern"),  # Monday night there
    ],
)
def test_it_is_open_by_its_hours_and_holidays(moment, is_open, words):
    found = at(moment)
    assert (found.is_open, str(found)) == (is_open, words)


def test_the_clock_and_the_day_are_the_clinics():
    moment = "2026-11-23T22:00+00:00"
    there = at(moment, "Pacific/Honolulu")
    assert (there.is_open, there.time) == (True, "5:00 PM Hawaii")
    ahead = at(moment, "Pacific/Auckland")  # already Tuesday, 11:00
    assert (ahead.is_open, ahead.at.date().isoformat(), ahead.time) == (True, "2026-11-24", "5:00 PM NZDT")
    # Where the clocks go back on the night between, the hours on the door stay.
    assert at("2026-10-31T18:00-04:00").at.isoformat() == "2026-11-02T09:00:00-05:00"


def test_a_lunch_break_counts():
    hours = ["Monday 13:00-17:00", "Monday 09:00-12:00"]
    noon = at("2026-11-23T12:30-05:00", opening_hours=hours)
    assert (noon.is_open, str(noon)) == (False, "today at 1:00 PM Eastern")


@pytest.mark.parametrize(
    "values",
    [
        {"opening_hours": []},
        {"holidays": [f"{datetime.date(2026, 11, 23) + datetime.timedelta(days=n)} Closed" for n in range(400)]},
    ],
)
def test_without_hours_nothing_is_said(values):
    assert at("2026-11-23T10:00-05:00", **values) is None


@pytest.mark.django_db
def test_the_clinic_knows_it_of_the_present_moment():
    clinic = library.published().clinic
    with time_machine.travel("2026-11-23T15:00Z", tick=False):
        assert clinic.opening.is_open
    with time_machine.travel("2026-12-25T15:00Z", tick=False):
        assert str(clinic.opening) == "on Monday, December 28, at 9:00 AM Eastern"
