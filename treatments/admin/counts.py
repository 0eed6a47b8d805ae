"""What patients read and look for, in pictures for staff. Numbers below counting.FEWEST are not told."""

import datetime

from django.db.models import Max, Sum
from django.db.models.functions import TruncWeek
from django.utils.formats import date_format

from treatments.admin import charts
from treatments.admin.charts import Chart
from treatments.counting import FEWEST
from treatments.library import Library
from treatments.models import DailyCount

WEEKS = 12
MOST = 25
"""Lines in one picture."""

Subject = DailyCount.Subject


def pictures(library: Library) -> list[Chart]:
    """Return the pictures of the last weeks, by days at the clinic, this week last."""
    monday = library.today - datetime.timedelta(days=library.today.weekday())
    mondays = [monday - datetime.timedelta(weeks=weeks) for weeks in reversed(range(WEEKS))]
    counts = DailyCount.objects.filter(day__gte=mondays[0])
    return [
        _missed_by_week(counts, mondays),
        _most(
            "missed-words",
            "What was searched for without result",
            f"Words for which the search found nothing, searched for at least {FEWEST} times in {WEEKS} weeks. Explain "
            "them on a page, or add them to “People also search” of the page that already does.",
            "Words",
            [(words, number) for words, number in _totals(counts, Subject.MISSED) if words],
        ),
        _most(
            "answers",
            "Answers in the finder",
            f"How often each answer was given in {WEEKS} weeks.",
            "Answer",
            [(_title(library, name), number) for name, number in _totals(counts, Subject.ANSWER)],
        ),
        _most(
            "comparisons",
            "What is compared",
            f"How often these treatments were looked at side by side in {WEEKS} weeks.",
            "Treatments",
            [(_titles(library, names), number) for names, number in _totals(counts, Subject.COMPARISON)],
        ),
        _most(
            "pages",
            "Pages read",
            f"How often each page was opened in {WEEKS} weeks, also by the robots of search engines. Staff who are "
            "signed in are not counted.",
            "Page",
            [(_title(library, name), number) for name, number in _totals(counts, Subject.PAGE)],
        ),
    ]


def _totals(counts, subject) -> list[tuple[str, int]]:
    """Return what was counted, the most often first; a search by its words, which are empty while nobody may see it."""
    rows = counts.filter(subject=subject).values("name").annotate(total=Sum("count"), known=Max("words"))
    named = [(row["known"] if subject == Subject.MISSED else row["name"], row["total"]) for row in rows]
    return sorted(named, key=lambda one: (-one[1], one[0]))


def _missed_by_week(counts, mondays) -> Chart:
    by_week = counts.filter(subject=Subject.MISSED).annotate(week=TruncWeek("day")).values("week")
    found = {row["week"]: row["total"] for row in by_week.annotate(total=Sum("count"))}
    numbers = [number if (number := found.get(monday, 0)) >= FEWEST else 0 for monday in mondays]
    chart = Chart(
        slug="missed",
        title="Searches that found nothing",
        note=f"Each week. Fewer than {FEWEST} are not shown. The hollow column is this week, which is not over.",
        empty=f"No week had {FEWEST} or more searches that found nothing.",
        headings=["Week from", "Searches"],
        rows=[
            (date_format(monday, "F j"), [number or f"fewer than {FEWEST}"])
            for monday, number in zip(mondays, numbers, strict=True)
        ],
    )
    return charts.columns(chart, mondays, numbers)


def _most(slug, title, note, heading, lines) -> Chart:
    """Draw the longest lines; the table has all whose number may be told, and how many others there are."""
    told = [(name, number) for name, number in lines if number >= FEWEST]
    rows = [(name, [number]) for name, number in told]
    if few := len(lines) - len(told):
        rows.append((f"Others: {few}", [f"fewer than {FEWEST} each"]))
    chart = Chart(slug, title, note, f"Nothing was counted {FEWEST} times or more yet.", [heading, "Times"], rows)
    return charts.bars(chart, [(name, [(number, "full")], str(number)) for name, number in told[:MOST]])


def _title(library, name) -> str:
    """Return what staff call some content that was counted as kind:slug, also when it is no longer public."""
    kind, _, slug = name.partition(":")
    return str(library.get(kind, slug) or slug)


def _titles(library, names) -> str:
    return " and ".join(_title(library, f"treatment:{slug}") for slug in names.split())
