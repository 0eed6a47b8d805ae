"""How the front desk is doing, in numbers. Names nobody, and counts no suspected spam unless it says so.

Everything is counted by the database, so that a hundred thousand requests take no longer to read than a hundred.
Days and weeks are the clinic's own, and a week begins on Monday.
"""

import datetime
from collections import defaultdict
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, DateField, Q
from django.db.models.functions import TruncWeek
from django.utils import timezone

from appointments import business_days, choices, waiting
from appointments.business_days import midnight
from appointments.models import EvaluationRequest, Message
from treatments.library import Library
from treatments.models import ClinicSettings

Status, ClosedReason = EvaluationRequest.Status, EvaluationRequest.ClosedReason

WEEKS = 12
PERIOD_DAYS = 28
DAYS_AHEAD = 7
STUCK_AFTER = datetime.timedelta(minutes=10)
AGES = (
    ("Since today", 0, 0),
    ("1 to 3 days", 1, 3),
    ("4 to 7 days", 4, 7),
    ("8 to 14 days", 8, 14),
    ("15 to 28 days", 15, 28),
    ("More than 28 days", 29, None),
)
"""How long a request has been waiting: in words, and in days at the clinic since the one on which it came."""


def _days(number: int) -> datetime.timedelta:
    return datetime.timedelta(days=number)


# -- What came in, week by week ------------------------------------------------------------------------------------


class Weeks(NamedTuple):
    """The requests of the last weeks, this one last: for each line of words, one number a week."""

    mondays: list[datetime.date]
    outcomes: list[tuple[str, list[int]]]
    """What became of them; every request is in one line."""
    treatments: list[tuple[str, list[int]]]
    """What they ask about. A request can name several, so it can be in several lines."""
    spam: list[int]
    """Suspected spam, which is in no other number."""

    @property
    def received(self) -> list[int]:
        return [sum(week) for week in zip(*(counts for _, counts in self.outcomes), strict=True)]


def weeks(words: Library) -> Weeks:
    """Count the requests received in each of the last WEEKS weeks."""
    this_monday = words.today - _days(words.today.weekday())
    mondays = [this_monday - _days(7 * number) for number in reversed(range(WEEKS))]
    monday = TruncWeek("received_at", tzinfo=ZoneInfo(words.clinic.time_zone), output_field=DateField())
    received = EvaluationRequest.objects.filter(received_at__gte=midnight(mondays[0], words.clinic)).order_by()
    groups = received.values_list(monday, ~Q(suspicion=""), "closed_reason", "interest_lookups").annotate(Count("pk"))

    # Only hashes of the answers can be read here; they are compared with those of the answers that can be given.
    field = EvaluationRequest._meta.get_field("interest_lookups")
    families = choices.labels("interests", words)
    choice = {digest: slug for slug in families for digest in field.digests(slug)}

    outcomes, treatments, spam = defaultdict(_no_weeks), defaultdict(_no_weeks), _no_weeks()
    for monday, is_spam, reason, interests, count in groups:
        week = mondays.index(monday)
        if is_spam:
            spam[week] += count
            continue
        outcomes[reason][week] += count
        for slug in {choice.get(digest) for digest in interests} or {""}:
            treatments[slug][week] += count

    return Weeks(
        mondays=mondays,
        outcomes=[(label, outcomes[reason]) for reason, label in [("", "Still open"), *ClosedReason.choices]],
        treatments=[
            *((label, treatments[slug]) for slug, label in families.items()),
            ("No longer on the website", treatments[None]),
            ("Named none", treatments[""]),
        ],
        spam=spam,
    )


def _no_weeks():
    return [0] * WEEKS


# -- How soon people hear from the clinic --------------------------------------------------------------------------


class FirstContact(NamedTuple):
    """How soon the senders of one period heard from the clinic. Time counts only while the clinic is open."""

    answered: int = 0
    """Requests whose sender was reached, or was left a message. The two times are about these."""
    half: datetime.timedelta | None = None
    """The median. None where nobody was answered."""
    most: datetime.timedelta | None = None
    """The 90th percentile: nine of ten did not wait longer."""
    due: int = 0
    """Requests whose promised day is over, but for those that were closed by then without an answer."""
    kept: int = 0
    """How many of these were answered by the promised day."""


def first_contact(clinic: ClinicSettings) -> tuple[FirstContact, FirstContact]:
    """Return how soon those heard from the clinic who wrote in the last PERIOD_DAYS days, and in as many before."""
    last, middle = clinic.today, clinic.today - _days(PERIOD_DAYS - 1)
    first = middle - _days(PERIOD_DAYS)
    times = business_days.open_times(first, last, clinic)
    before = list(accumulate((closes - opens for opens, closes in times), initial=datetime.timedelta()))
    values = {
        "first": midnight(first, clinic),
        "middle": midnight(middle, clinic),
        "today": last,
        "zone": clinic.time_zone,
        "opens": [opens for opens, _ in times],
        "closes": [closes for _, closes in times],
        "before": before,
    }
    with connection.cursor() as cursor:
        cursor.execute(FIRST_CONTACT, values)
        found = {is_recent: FirstContact(*numbers) for is_recent, *numbers in cursor.fetchall()}
    return tuple(found.get(is_recent, FirstContact()) for is_recent in (True, False))


FIRST_CONTACT = """
WITH clock AS (
    -- Each time that the clinic opens and closes, and how long it was open before.
    SELECT %(opens)s::timestamptz[] AS opens, %(closes)s::timestamptz[] AS closes, %(before)s::interval[] AS before
), requests AS (
    SELECT received_at, answered_at, reply_by,
           width_bucket(received_at, opens) AS i,
           width_bucket(answered_at, opens) AS j,
           (answered_at AT TIME ZONE %(zone)s)::date AS answered_on,
           (closed_at AT TIME ZONE %(zone)s)::date AS closed_on
    FROM appointments_evaluationrequest, clock
    WHERE received_at >= %(first)s AND suspicion = ''
), measured AS (
    SELECT *,
           coalesce(before[j] + (least(answered_at, closes[j]) - opens[j]), '0')
           - coalesce(before[i] + (least(received_at, closes[i]) - opens[i]), '0') AS took,
           reply_by < %(today)s AND (answered_at IS NOT NULL OR closed_on IS NULL OR closed_on > reply_by) AS is_due
    FROM requests, clock
)
SELECT received_at >= %(middle)s AS is_recent,
       count(answered_at),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY took) FILTER (WHERE answered_at IS NOT NULL),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY took) FILTER (WHERE answered_at IS NOT NULL),
       count(*) FILTER (WHERE is_due),
       count(*) FILTER (WHERE is_due AND answered_on <= reply_by)
FROM measured GROUP BY is_recent
"""


# -- What is open now ----------------------------------------------------------------------------------------------


class OpenNow(NamedTuple):
    ages: list[tuple[str, int, int]]
    """How long they have been waiting, how many, and how many of these have had no answer yet."""
    visits: list[tuple[datetime.date, int]]
    """Evaluations agreed for each of the next DAYS_AHEAD days, today first, also when it is over by now."""
    later_visits: int


def open_now(clinic: ClinicSettings) -> OpenNow:
    """Count the open requests by their age, and the agreed evaluations by their day."""
    today = clinic.today
    wanted = {}
    for number, (_, least, most) in enumerate(AGES):
        old = Q(received_at__lt=midnight(today - _days(least - 1), clinic))
        if most is not None:
            old &= Q(received_at__gte=midnight(today - _days(most), clinic))
        wanted[f"age_{number}"] = old
        wanted[f"unanswered_{number}"] = old & Q(answered_at=None)
    scheduled = Q(status=Status.SCHEDULED)
    days = [today + _days(number) for number in range(DAYS_AHEAD)]
    edges = [midnight(day, clinic) for day in (*days, today + _days(DAYS_AHEAD))]
    for number in range(DAYS_AHEAD):
        wanted[f"visit_{number}"] = scheduled & Q(scheduled_for__gte=edges[number], scheduled_for__lt=edges[number + 1])
    wanted["later"] = scheduled & Q(scheduled_for__gte=edges[-1])
    found = EvaluationRequest.objects.order_by().filter(waiting.OPEN)
    found = found.aggregate(**{name: Count("pk", filter=which) for name, which in wanted.items()})
    return OpenNow(
        ages=[(words, found[f"age_{n}"], found[f"unanswered_{n}"]) for n, (words, _, _) in enumerate(AGES)],
        visits=[(day, found[f"visit_{n}"]) for n, day in enumerate(days)],
        later_visits=found["later"],
    )


# -- Mail ----------------------------------------------------------------------------------------------------------


class Mail(NamedTuple):
    queued: int
    """Messages that wait to be sent."""
    tried: int
    """How many of these the mail server did not take at the last attempt; they are tried again."""
    stuck: int
    """How many of these should have been tried long ago: nothing sends mail at the moment."""
    failed: int
    """Messages about open requests that the mail server did not take, for good."""
    bounced: int
    """Messages about open requests that came back."""


def mail() -> Mail:
    """Count the messages that wait to be sent, and those that somebody has to do something about."""
    queued = Q(state=Message.State.QUEUED)
    about_open = Q(request__in=EvaluationRequest.objects.filter(waiting.OPEN).order_by().values("pk"))
    undelivered = Q(state__in=(Message.State.FAILED, Message.State.BOUNCED)) & about_open
    found = Message.objects.order_by().filter(queued | undelivered)
    return Mail(
        **found.aggregate(
            queued=Count("pk", filter=queued),
            tried=Count("pk", filter=queued & ~Q(last_error="")),
            stuck=Count("pk", filter=queued & Q(due_at__lt=timezone.now() - STUCK_AFTER)),
            failed=Count("pk", filter=Q(state=Message.State.FAILED)),
            bounced=Count("pk", filter=Q(state=Message.State.BOUNCED)),
        )
    )
