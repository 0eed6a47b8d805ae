"""Pictures of numbers, drawn here as SVG without script or inline style; colors come from staff/charts.css.

A picture is 360 units wide, about as many as a phone has pixels, so that its words can be read there too. No picture
tells anything by color alone: bars carry their numbers, and what differs is filled or hollow. Each comes with a table
of the same numbers.
"""

import datetime
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.formats import date_format

WIDTH = 360
LINE = 16
"""The height of a line of words."""
NARROW = WIDTH - 130
"""The longest bar that has its number beside it."""
LONGEST_NAME = 46
"""Letters for which there is room above a bar; the table has the whole name."""


class Bar(NamedTuple):
    x: int
    y: int
    width: int
    height: int
    kind: str = "full"
    """"full" or "hollow"."""


class Text(NamedTuple):
    x: int
    y: int
    words: str
    anchor: str = "start"
    kind: str = ""
    """"quiet", or nothing."""


@dataclass
class Chart:
    """A picture and its table. Where nothing was drawn, `empty` is said instead."""

    slug: str
    title: str
    note: str
    """What the picture shows, for those who see it and for those who listen."""
    empty: str
    headings: list[str]
    rows: list[tuple[str, list]]
    """The table: each row has a name and its values, in numbers or words."""
    links: list[tuple[str, str]] = field(default_factory=list)
    """Addresses to go on to, and their words."""
    height: int = 0
    bars: list[Bar] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    axes: list[int] = field(default_factory=list)
    """Where lines to stand on are drawn, from the top."""

    @property
    def width(self) -> int:
        return WIDTH


def columns(chart: Chart, mondays: list[datetime.date], numbers: list[int]) -> Chart:
    """Draw one column a week; the last one is hollow, because that week is not over."""
    if any(numbers):
        _columns(chart, numbers, top=0, tall=110, most=max(numbers))
        _dates(chart, mondays)
    return chart


def strips(chart: Chart, mondays: list[datetime.date], lines: list[tuple[str, list[int]]]) -> Chart:
    """Draw a strip of columns for each line that is not empty, all to one scale, with its sum on the right."""
    lines = [(name, numbers) for name, numbers in lines if any(numbers)]
    most = max((max(numbers) for _, numbers in lines), default=0)
    for name, numbers in lines:
        top = chart.height
        chart.texts.append(Text(0, top + LINE - 4, _short(name)))
        chart.texts.append(Text(WIDTH, top + LINE - 4, str(sum(numbers)), "end"))
        _columns(chart, numbers, top=top + LINE, tall=24, most=most)
        chart.height += 10
    if lines:
        _dates(chart, mondays)
    return chart


def bars(chart: Chart, lines: list[tuple[str, list[tuple[float, str]], str]]) -> Chart:
    """Draw a bar for each line: its name above, then its parts as (size, kind) side by side, and words at its end."""
    most = max((sum(size for size, _ in parts) for _, parts, _ in lines), default=0) or 1
    for name, parts, words in lines:
        chart.texts.append(Text(0, chart.height + LINE - 4, _short(name)))
        x, y = 0, chart.height + LINE
        for size, kind in parts:
            if size:
                chart.bars.append(Bar(x + 1, y + 1, width := max(3, round(size / most * NARROW)), 14, kind))
                x += width + 2
        chart.texts.append(Text(x + 6, y + 13, words))
        chart.height = y + 24
    return chart


def _columns(chart, numbers, *, top, tall, most):
    step = WIDTH // len(numbers)
    floor = top + LINE + tall
    for week, number in enumerate(numbers):
        if number:
            height = max(2, round(number / most * tall))
            kind = "hollow" if week == len(numbers) - 1 else "full"
            chart.bars.append(Bar(week * step + 4, floor - height, step - 8, height, kind))
            chart.texts.append(Text(week * step + step // 2, floor - height - 4, str(number), "middle"))
    chart.axes.append(floor)
    chart.height = floor + 1


def _dates(chart, mondays):
    """Write the days under the columns, and the month where it begins."""
    step = WIDTH // len(mondays)
    for week, monday in enumerate(mondays):
        middle = week * step + step // 2
        chart.texts.append(Text(middle, chart.height + LINE - 2, str(monday.day), "middle", "quiet"))
        if week == 0 or monday.month != mondays[week - 1].month:
            month = date_format(monday, "M")
            chart.texts.append(Text(middle, chart.height + 2 * LINE - 2, month, "middle", "quiet"))
    chart.texts.append(Text(0, chart.height + 3 * LINE, "The Monday on which each week begins", kind="quiet"))
    chart.height += 3 * LINE + 6


def _short(name):
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"
