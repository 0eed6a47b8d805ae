"""The morning page: what waits, and how the clinic is doing, in numbers and pictures. It names nobody."""

import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_GET

from appointments import business_days, statistics, waiting
from appointments.desk import frame
from treatments.admin import charts, desk
from treatments.admin.charts import Chart

RECENT, EARLIER = "Last 4 weeks", "The 4 weeks before"


@require_GET
def morning(request):
    """Show the numbers of the morning to whoever may see requests."""
    frame.require(request, "view")
    words = request.library
    weeks, open_now = statistics.weeks(words), statistics.open_now(words.clinic)
    context = {
        "today": words.today,
        "waiting": waiting.counts(words.today),
        "mail": statistics.mail(),
        # Without any request there is nothing to draw, and one sentence says so.
        "charts": [],
    }
    if request.user.has_perm("treatments.view_version"):
        context["reviews_due"] = desk.count_reviews_due()
    if any(weeks.received) or any(total for _, total, _ in open_now.ages):
        recent, earlier = statistics.first_contact(words.clinic)
        context["charts"] = [
            visits(open_now),
            ages(open_now),
            first_contact(recent, earlier, business_days.usual_day(words.clinic)),
            promise(recent, earlier),
            received(weeks),
            by_outcome(weeks),
            by_treatment(weeks),
        ]
    return frame.page(request, "morning.html", "This morning", **context)


def visits(open_now: statistics.OpenNow) -> Chart:
    """Draw how many evaluations are agreed for each of the next days, today first."""
    today = open_now.visits[0][0]
    rows = [
        (f"{'Today, ' if day == today else ''}{date_format(day, 'l, F j')}", number) for day, number in open_now.visits
    ]
    days = [*rows, ("Later", open_now.later_visits)]
    chart = Chart(
        slug="visits",
        title="Evaluations that are agreed",
        note=f"Today and in the next {statistics.DAYS_AHEAD - 1} days.",
        empty="No evaluation is agreed for today or any later day.",
        headings=["Day", "Evaluations"],
        rows=[(name, [number]) for name, number in days],
        links=[
            (_day_page(day), f"Print {name} ({number})")
            for (name, number), (day, _) in zip(rows, open_now.visits, strict=True)
            if number
        ],
    )
    agreed = any(number for _, number in days)
    return charts.bars(chart, [(name, [(number, "full")], str(number)) for name, number in days] if agreed else [])


def _day_page(day: datetime.date) -> str:
    return f"{reverse('admin:appointments_evaluationrequest_day')}?{urlencode({'on': day.isoformat()})}"


def ages(open_now: statistics.OpenNow) -> Chart:
    """Draw for how long the open requests have been waiting, and how many of them have had no answer yet."""
    chart = Chart(
        slug="ages",
        title="How long open requests have been waiting",
        note="Filled: nobody has answered yet. Hollow: answered, and not finished.",
        empty="No request is open.",
        headings=["Days since it came", "Open", "Not answered"],
        rows=[(name, [total, unanswered]) for name, total, unanswered in open_now.ages],
    )
    lines = [
        (
            name,
            [(unanswered, "full"), (total - unanswered, "hollow")],
            f"{total} ({unanswered} unanswered)" if unanswered else str(total),
        )
        for name, total, unanswered in open_now.ages
    ]
    return charts.bars(chart, lines if any(total for _, total, _ in open_now.ages) else [])


def first_contact(
    recent: statistics.FirstContact, earlier: statistics.FirstContact, usual_day: datetime.timedelta
) -> Chart:
    """Draw how soon patients heard from the clinic, lately and before that."""
    periods = [(name, one) for name, one in ((RECENT, recent), (EARLIER, earlier)) if one.answered]
    times = [("Half", "half"), ("Nine of ten", "most")]
    chart = Chart(
        slug="first-contact",
        title="How soon patients hear from us",
        note="Time counts only while the clinic is open; a usual day has "
        f"{spoken(usual_day)}. Answered so far of those who wrote in the last 4 weeks: {recent.answered}; "
        f"in the 4 weeks before: {earlier.answered}.",
        empty="Nobody who wrote in the last 8 weeks has had an answer yet.",
        headings=["Who wrote in", "Answered", *(f"{words} heard within" for words, _ in times)],
        rows=[(name, [one.answered, *(spoken(getattr(one, time)) for _, time in times)]) for name, one in periods],
    )
    lines = [
        (f"{words} heard within: {name[0].lower()}{name[1:]}", getattr(one, time))
        for words, time in times
        for name, one in periods
    ]
    return charts.bars(chart, [(name, [(took.total_seconds(), "full")], spoken(took)) for name, took in lines])


def promise(recent: statistics.FirstContact, earlier: statistics.FirstContact) -> Chart:
    """Draw how many had an answer by the day that they were promised, lately and before that."""
    periods = [(name, one) for name, one in ((RECENT, recent), (EARLIER, earlier)) if one.due]
    chart = Chart(
        slug="promise",
        title="Answered by the promised day",
        note="Filled: answered by that day. Hollow: later, or not yet. Only days that are over count.",
        empty="No promised day of the last 8 weeks is over yet.",
        headings=["Who wrote in", "Promised", "Answered by that day", "Share"],
        rows=[(name, [one.due, one.kept, _share(one)]) for name, one in periods],
    )
    lines = [
        (name, [(one.kept / one.due, "full"), (1 - one.kept / one.due, "hollow")], _kept(one)) for name, one in periods
    ]
    return charts.bars(chart, lines)


def _share(one):
    return f"{100 * one.kept // one.due}%"  # rounded down: 100% means all


def _kept(one):
    return f"{_share(one)} ({one.kept} of {one.due})"


def received(weeks: statistics.Weeks) -> Chart:
    """Draw how many requests came in each week."""
    chart = Chart(
        slug="received",
        title="Requests received each week",
        note=f"{sum(weeks.received)} in the last {statistics.WEEKS} weeks. The hollow column is this week so far.",
        empty=f"No request came in the last {statistics.WEEKS} weeks.",
        headings=["Week beginning", "Requests", "Suspected spam, not counted"],
        rows=[
            (date_format(monday, "F j, Y"), [number, spam])
            for monday, number, spam in zip(weeks.mondays, weeks.received, weeks.spam, strict=True)
        ],
    )
    return charts.columns(chart, weeks.mondays, weeks.received)


def by_outcome(weeks: statistics.Weeks) -> Chart:
    """Draw what became of the requests of each week."""
    return _strips(
        weeks,
        weeks.outcomes,
        slug="outcomes",
        title="What became of them",
        note="Each request is counted once, in the week in which it came.",
    )


def by_treatment(weeks: statistics.Weeks) -> Chart:
    """Draw what the requests of each week ask about."""
    return _strips(
        weeks,
        weeks.treatments,
        slug="treatments",
        title="What they are interested in",
        note="A request can name several treatments, and is counted with each of them.",
    )


def _strips(weeks, lines, **words) -> Chart:
    chart = Chart(
        **words,
        empty=f"No request came in the last {statistics.WEEKS} weeks.",
        headings=["Week beginning", *(date_format(monday, "M j") for monday in weeks.mondays), "All"],
        rows=[(name, [*numbers, sum(numbers)]) for name, numbers in lines],
    )
    return charts.strips(chart, weeks.mondays, lines)


def spoken(duration: datetime.timedelta) -> str:
    """Return a time as people say it: "25 minutes", "3.5 hours", "12 hours"."""
    minutes = round(duration.total_seconds() / 60)
    if minutes < 60:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    hours = f"{minutes / 60:.1f}".removesuffix(".0") if minutes < 600 else f"{minutes / 60:.0f}"
    return f"{hours} hour{'' if hours == '1' else 's'}"
