"""Days and times of the clinic in Spanish, for the one page in that language. The rest of the site needs no catalog."""

import datetime

from treatments.opening import WEEKDAYS

_WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip


def weekday(name: str) -> str:
    """Return a day of the week, which the clinic's hours name in English."""
    return _WEEKDAYS[WEEKDAYS.index(name)]


def day(date: datetime.date) -> str:
    """Return a date: 25 de diciembre de 2026."""
    return f"{date.day} de {_MONTHS[date.month - 1]} de {date.year}"


def time(clock: datetime.time) -> str:
    """Return a time of day as Spanish is written in the US: 9:00 a. m."""
    half = "a." if clock.hour < 12 else "p."
    return f"{(clock.hour - 1) % 12 + 1}:{clock.minute:02} {half}\N{NO-BREAK SPACE}m."
