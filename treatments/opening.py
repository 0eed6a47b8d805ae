"""When the clinic is open, by its own hours, holidays and clock."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from treatments.models import ClinicSettings

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LOOK_AHEAD = 366
"""Days. A calendar without an open day for a year is a mistake in it, and tells nothing."""
ZONE_NAMES = {
    "America/New_York": "Eastern",
    "America/Detroit": "Eastern",
    "America/Chicago": "Central",
    "America/Denver": "Mountain",
    "America/Phoenix": "Arizona time",
    "America/Los_Angeles": "Pacific",
    "America/Anchorage": "Alaska",
    "Pacific/Honolulu": "Hawaii",
}


class Opening(NamedTuple):
    """Whether the clinic is open, and when that changes, on its own clock."""

    is_open: bool
    at: datetime.datetime
    """When it closes if it is open, else when it opens next."""
    today: datetime.date

    def __str__(self):
        """The moment in words, after which "we open" is enough: tomorrow, Tuesday, November 24, at 9:00 AM Eastern."""
        time, day = clock(self.at), f"{self.at:%A, %B} {self.at.day}"
        match (self.at.date() - self.today).days:
            case 0:
                return f"today at {time}"
            case 1:
                return f"tomorrow, {day}, at {time}"
            case _:
                return f"on {day}, at {time}"

    @property
    def time(self) -> str:
        return clock(self.at)


def clock(local: datetime.datetime) -> str:
    """Return the time of a moment on the clinic's clock as Americans say it: 9:00 AM Eastern."""
    zone = ZONE_NAMES.get(str(local.tzinfo), f"{local:%Z}")
    return f"{f'{local:%I:%M %p}'.lstrip('0')} {zone}"


def of(clinic: ClinicSettings, now: datetime.datetime) -> Opening | None:
    """Return whether the clinic is open at a moment (aware, any zone), or None where it has not said when it is."""
    here = now.astimezone(ZoneInfo(clinic.time_zone))
    week = list(clinic.hours)
    for number in range(LOOK_AHEAD if week else 0):
        day = here.date() + datetime.timedelta(days=number)
        for opens, closes in times(clinic, day, day, week):
            if here < closes:
                is_open = opens <= here
                return Opening(is_open, closes if is_open else opens, here.date())
    return None


def times(
    clinic: ClinicSettings, first: datetime.date, last: datetime.date, week: Iterable[tuple]
) -> list[tuple[datetime.datetime, datetime.datetime]]:
    """Return when the clinic opens and closes (aware) in a usual week, from the day `first` to `last`, both counted."""
    zone = ZoneInfo(clinic.time_zone)
    holidays = {day for day, _ in clinic.named_holidays}
    days = [first + datetime.timedelta(days=number) for number in range((last - first).days + 1)]
    return sorted(
        tuple(datetime.datetime.combine(day, time, tzinfo=zone) for time in hours)
        for day in days
        for weekday, *hours in week
        if WEEKDAYS.index(weekday) == day.weekday() and day not in holidays
    )
