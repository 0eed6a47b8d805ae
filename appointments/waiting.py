"""What waits for the front desk: who has to be called today, who was promised an answer that has not come, and mail
that was not delivered. The list of requests and the first page of the admin count alike, because both ask here."""

import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from appointments.models import EvaluationRequest, Message, RequestEvent

Status, Event = EvaluationRequest.Status, RequestEvent.Kind


def with_urgency(requests: QuerySet, today: datetime.date) -> QuerySet:
    """Return requests with what is urgent about each: `call_today`, `is_overdue`, `mail_failed`, and `is_closed`.

    `today` is the day at the clinic. A call that nobody answered ends nothing: it is no answer. Somebody with a warning
    sign has to be spoken with; a message left for them is not enough.
    """
    events = RequestEvent.objects.filter(reference=OuterRef("reference"))
    reached = Q(Exists(events.filter(kind=Event.REACHED))) | Q(status=Status.SCHEDULED)
    answered = reached | Q(Exists(events.filter(kind=Event.LEFT_MESSAGE))) | Q(status=Status.WAITING)
    undelivered = Message.objects.undelivered().filter(request=OuterRef("pk"))
    is_open = ~Q(status=Status.CLOSED) & Q(suspicion="")
    return requests.annotate(
        is_closed=Q(status=Status.CLOSED),
        call_today=is_open & Q(needs_same_day_call=True) & ~reached,
        # Earlier requests were promised no day.
        is_overdue=is_open & Q(reply_by__isnull=False, reply_by__lt=today) & ~answered,
        mail_failed=is_open & Q(Exists(undelivered)),
    )


def counts(today: datetime.date) -> dict[str, int]:
    """Return how many requests wait for what; `spam` lie on the shelf, and are in none of the other numbers."""
    requests = with_urgency(EvaluationRequest.objects.order_by(), today)
    return {
        "call": requests.filter(call_today=True).count(),
        "overdue": requests.filter(is_overdue=True).count(),
        "new": requests.filter(status=Status.NEW, suspicion="").count(),
        "mail": requests.filter(mail_failed=True).count(),
        "spam": requests.exclude(suspicion="").count(),
    }
