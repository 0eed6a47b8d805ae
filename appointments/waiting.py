"""What waits for the front desk, and in which order. The queue and its numbers on every page ask here.

Where a request stands is told from its own columns alone, so the queue is as quick with a hundred thousand requests as
with a hundred. Days are days at the clinic.
"""

import datetime

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from appointments.models import EvaluationRequest, Message
from appointments.services import MOST_TRIES

Status = EvaluationRequest.Status

OPEN = ~Q(status=Status.CLOSED) & Q(suspicion="")
CALL = OPEN & Q(call_first=True)
MAIL_FAILED = Exists(Message.objects.undelivered().filter(request=OuterRef("pk")))
IN_ORDER = (F("call_first").desc(), F("due_on").asc(nulls_first=True), "pk")
"""Whom to call today because of a warning sign, then by the day by which something has to be done."""


def overdue(today: datetime.date) -> Q:
    """Requests whose sender was promised an answer by a day that has passed. Earlier requests were promised no day."""
    return OPEN & Q(answered_at=None, reply_by__lt=today)


def now(today: datetime.date) -> Q:
    """Requests that somebody has to do something with today."""
    is_due = ~Q(status=Status.SCHEDULED) & (Q(next_try_on=None) | Q(next_try_on__lte=today))
    # What became of it has to be entered. Requests of earlier releases may have no time.
    is_over = Q(status=Status.SCHEDULED) & (Q(scheduled_for=None) | Q(scheduled_for__lt=timezone.now()))
    return OPEN & (Q(call_first=True) | is_due | is_over)


def later(today: datetime.date) -> Q:
    """Requests that come back to the queue by themselves on a later day."""
    return OPEN & ~Q(status=Status.SCHEDULED) & Q(call_first=False, next_try_on__gt=today)


def with_urgency(requests: QuerySet, today: datetime.date) -> QuerySet:
    """Return requests with what is urgent about each: `is_overdue` and `mail_failed`."""
    return requests.annotate(is_overdue=overdue(today), mail_failed=OPEN & Q(MAIL_FAILED))


def next_step(request: EvaluationRequest, today: datetime.date, at: datetime.datetime) -> str:
    """Say in a few words what somebody has to do next with a request; empty when nothing. `at` is now, aware."""
    if request.suspicion:
        return "Is it spam?"
    if request.status == Status.CLOSED:
        return ""
    if request.call_first:
        return "CALL TODAY"
    if request.status == Status.SCHEDULED:
        if request.scheduled_for is None:
            return "Enter the time"
        return "Did it take place?" if request.scheduled_for < at else "Agreed"
    if request.next_try_on and request.next_try_on > today:
        return "Wait"
    if request.letter_on:
        return "No answer to our letter"
    if request.tries >= MOST_TRIES:
        return "Send the letter"
    if request.tries:
        return f"Try again ({request.tries} of {MOST_TRIES} tries made)"
    if request.answered_at is None:
        return "First call"
    return "Your turn again" if request.status == Status.WAITING else "Go on"


def counts(today: datetime.date, user=None) -> dict[str, int]:
    """Return how many requests wait for what. `spam` lie on the shelf, and are in none of the other numbers."""
    wanted = {
        "now": now(today),
        "call": CALL,
        "overdue": overdue(today),
        "later": later(today),
        "waiting": Q(status=Status.WAITING),
        "scheduled": Q(status=Status.SCHEDULED),
        "unassigned": Q(owner=None),
        "mine": Q(owner=user) if user else Q(pk=None),
        "mail": Q(MAIL_FAILED),
    }
    requests = EvaluationRequest.objects.order_by()
    found = requests.filter(OPEN).aggregate(**{name: Count("pk", filter=which) for name, which in wanted.items()})
    return found | {"spam": requests.exclude(suspicion="").count()}
