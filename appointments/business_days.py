"""When the clinic is open, until when it says it will answer, and when it tries again: on its own calendar."""

import datetime
import statistics
from collections import defaultdict
from zoneinfo import ZoneInfo

from treatments import opening
from treatments.models import ClinicSettings
from treatments.opening import WEEKDAYS

REPLY_WITHIN_DAYS = 2
"""Where the clinic has said nothing else."""
USUAL_WEEK = [(weekday, datetime.time(9), datetime.time(17)) for weekday in WEEKDAYS[:5]]
"""Where the clinic has not entered its hours."""
LOOK_AHEAD = 366
"""Days. A calendar without an open day for a year is a mistake in it; the usual week then counts, holidays or not."""


def reply_by(received: datetime.datetime, clinic: ClinicSettings, *, same_day: bool = False) -> datetime.date:
    """Return the day by which somebody who wrote at `received` (aware, any zone) has an answer.

    The day of writing does not count. What comes after closing time, or on a day that the clinic is closed, counts as
    written on the next open day. With `same_day` the answer is due on that first open day itself.
    """
    here = received.astimezone(ZoneInfo(clinic.time_zone))
    days = _open_days(here, clinic)
    left = 0 if same_day else clinic.reply_within_days or REPLY_WITHIN_DAYS
    return days[left]


def midnight(day: datetime.date, clinic: ClinicSettings) -> datetime.datetime:
    """Return when a day begins at the clinic (aware)."""
    return datetime.datetime.combine(day, datetime.time(), tzinfo=ZoneInfo(clinic.time_zone))


def open_day(now: datetime.datetime, clinic: ClinicSettings, number: int) -> datetime.date:
    """Return the day on the clinic's calendar that is `number` open days after today, which does not count."""
    here = now.astimezone(ZoneInfo(clinic.time_zone))
    return [day for day in _open_days(here, clinic) if day > here.date()][number - 1]


def open_times(
    first: datetime.date, last: datetime.date, clinic: ClinicSettings
) -> list[tuple[datetime.datetime, datetime.datetime]]:
    """Return when the clinic opens and closes (aware), from the day `first` to the day `last`, both counted."""
    return opening.times(clinic, first, last, list(clinic.hours) or USUAL_WEEK)


def usual_day(clinic: ClinicSettings) -> datetime.timedelta:
    """Return for how long the clinic is open on a usual day: the median of the days of its week."""
    lengths = defaultdict(datetime.timedelta)
    for weekday, opens, closes in list(clinic.hours) or USUAL_WEEK:
        lengths[weekday] += datetime.timedelta(hours=closes.hour - opens.hour, minutes=closes.minute - opens.minute)
    return statistics.median_low(lengths.values())


def _open_days(start: datetime.datetime, clinic: ClinicSettings) -> list[datetime.date]:
    """Return the open days from `start` on, the first one only when it has not closed yet."""
    holidays = {day for day, _ in clinic.named_holidays}
    for hours, closed in ((list(clinic.hours) or USUAL_WEEK, holidays), (USUAL_WEEK, set())):
        closes = {WEEKDAYS.index(weekday): end for weekday, _, end in sorted(hours, key=lambda line: line[2])}
        ahead = [start.date() + datetime.timedelta(days=number) for number in range(LOOK_AHEAD)]
        days = [day for day in ahead if day.weekday() in closes and day not in closed]
        if days and days[0] == start.date() and start.time() >= closes[start.weekday()]:
            days.pop(0)
        if len(days) > 30:
            return days
    raise AssertionError("The usual week has open days.")
