"""What can be done with a request. Each act is one transaction that also writes the line of the record about it."""

import hashlib
import secrets
import uuid

from django.db import transaction
from django.utils import timezone

from appointments import limits
from appointments.encryption import Unreadable
from appointments.models import EvaluationRequest, Message, RequestDraft, RequestEvent
from appointments.outbox import wake_worker
from appointments.references import new_reference

Status, ClosedReason, Event = EvaluationRequest.Status, EvaluationRequest.ClosedReason, RequestEvent.Kind

MOVES = {
    Status.NEW: {Status.IN_HAND, Status.WAITING, Status.SCHEDULED, Status.CLOSED},
    Status.IN_HAND: {Status.WAITING, Status.SCHEDULED, Status.CLOSED},
    Status.WAITING: {Status.IN_HAND, Status.SCHEDULED, Status.CLOSED},
    Status.SCHEDULED: {Status.IN_HAND, Status.WAITING, Status.CLOSED},
    Status.CLOSED: {Status.IN_HAND},
}
"""Where a request can go from each status."""


class RefusedError(Exception):
    """What was asked for cannot be done with this request as it is now. The text says why, for the person who asked."""


@transaction.atomic(durable=True)
def submit_evaluation_request(*, submission_key: uuid.UUID, **values) -> EvaluationRequest:
    """Store a request, the record of it and the messages about it, all or none, and return the request.

    A second call with the same `submission_key` stores nothing and returns the first request, so that a double
    click, a refresh or a form sent again after an outage makes one request. The draft with that key is deleted.
    When this returns, the request is on disk. `values` are checked values of EvaluationRequest's fields. Suspected
    spam is stored like the rest and told to nobody until staff take it off the shelf. Raises Django's database
    errors when Postgres is away.
    """
    token = secrets.token_urlsafe(32)
    hashed = tracking_hash(token)
    while True:
        request = EvaluationRequest(
            submission_key=submission_key,
            reference=new_reference(),
            tracking_token=token,
            tracking_hash=hashed,
            **values,
        )
        # "On conflict do nothing" rather than an error: Postgres would log the failed statement with its values.
        EvaluationRequest.objects.bulk_create([request], ignore_conflicts=True)
        stored = EvaluationRequest.objects.filter(submission_key=submission_key).first()
        if stored:
            break
        # The conflict was about the reference: somebody else has it. Draw another one.
    if stored.tracking_hash == hashed:
        _record(stored, Event.RECEIVED, by=RequestEvent.PATIENT)
        if not stored.suspicion:
            _tell(stored, Message.Kind.STAFF_NEW, Message.Kind.PATIENT_RECEIVED)
    RequestDraft.objects.filter(pk=submission_key).delete()
    return stored


def tracking_hash(token: str) -> str:
    """Return what is stored of the token in a private link."""
    return hashlib.sha256(token.encode()).hexdigest()


# -- The patient's own acts ----------------------------------------------------------------------------------------


@transaction.atomic
def withdraw(request: EvaluationRequest) -> None:
    """Close a request because its sender asks for it. A request that is closed already stays as it is."""
    request = _locked(request)
    if request.status == Status.CLOSED:
        return
    _move(request, Status.CLOSED, ClosedReason.WITHDRAWN)
    _record(request, Event.WITHDRAWN, by=RequestEvent.PATIENT)
    _tell(request, Message.Kind.STAFF_CHANGED, Message.Kind.PATIENT_WITHDRAWN)


CONTACT_FIELDS = ("contact_by", "phone", "email", "may_leave_message", "may_text")
TIME_FIELDS = ("best_times", "times_to_avoid")


@transaction.atomic
def change_by_patient(request: EvaluationRequest, values: dict) -> None:
    """Change how and when a request's sender can be reached.

    A new e-mail address is told to the old one, which is the only one that is known to be the sender's. Raises
    RefusedError when the request is closed.
    """
    request = _locked(request)
    if request.status == Status.CLOSED:
        raise RefusedError("This request is closed. Please call us.")
    unknown = values.keys() - {*CONTACT_FIELDS, *TIME_FIELDS}
    if unknown:
        raise TypeError(f"A patient cannot change {', '.join(sorted(unknown))}.")
    changed = [name for name, value in values.items() if getattr(request, name) != value]
    if not changed:
        return
    _tell(request, Message.Kind.STAFF_CHANGED, Message.Kind.PATIENT_CHANGED)
    for name in changed:
        setattr(request, name, values[name])
    request.save(update_fields=[*changed, "phone_lookup", "email_lookup"])
    _record(
        request,
        Event.CHANGED,
        by=RequestEvent.PATIENT,
        detail="times" if set(changed) <= set(TIME_FIELDS) else "contact",
    )


# -- The acts of staff -------------------------------------------------------------------------------------------


@transaction.atomic
def move(request: EvaluationRequest, status: str, *, by: str, reason: str = "") -> None:
    """Move a request to another status; closing it needs one of ClosedReason. Raises RefusedError when it cannot."""
    request = _locked(request)
    if status not in MOVES[request.status]:
        now, then = request.get_status_display(), Status(status).label
        raise RefusedError(f"A request that is “{now}” cannot become “{then}”.")
    if (status == Status.CLOSED) != (reason in ClosedReason.values):
        raise RefusedError("Say why you close the request.")
    _move(request, status, reason)
    _record(request, Event.MOVED, by=by, detail=reason or status)


CONTACT_ATTEMPTS = {
    Event.REACHED: Status.IN_HAND,
    Event.LEFT_MESSAGE: Status.WAITING,
    Event.NO_ANSWER: Status.IN_HAND,
}
"""What becomes of a request after somebody tried to reach its sender."""


@transaction.atomic
def record_contact(request: EvaluationRequest, attempt: str, *, by: str) -> None:
    """Record that somebody tried to reach the sender; an open request moves on by itself. Raises RefusedError."""
    request = _locked(request)
    if request.status == Status.CLOSED:
        raise RefusedError("This request is closed. Open it again first.")
    if request.status != Status.SCHEDULED:
        _move(request, CONTACT_ATTEMPTS[attempt])
    _record(request, attempt, by=by)


@transaction.atomic
def shelve(request: EvaluationRequest, *, by: str) -> None:
    """Put a request on the spam shelf, where it is kept for 30 days."""
    request = _locked(request)
    if not request.suspicion:
        request.suspicion = EvaluationRequest.Suspicion.STAFF
        request.save(update_fields=["suspicion"])
        _record(request, Event.SHELVED, by=by)


@transaction.atomic
def unshelve(request: EvaluationRequest, *, by: str) -> None:
    """Take a request off the spam shelf: from now on it is like any other, and its sender gets the usual message."""
    request = _locked(request)
    if not request.suspicion:
        return
    request.suspicion = ""
    request.save(update_fields=["suspicion"])
    _record(request, Event.UNSHELVED, by=by)
    if not request.messages.exists():
        _tell(request, Message.Kind.STAFF_NEW, Message.Kind.PATIENT_RECEIVED)


@transaction.atomic
def send_again(message: Message, *, by: str) -> None:
    """Queue a message once more that was not delivered."""
    message = Message.objects.select_for_update().get(pk=message.pk)
    if not message.is_undelivered:
        raise RefusedError("This message was not refused, so there is nothing to send again.")
    message.state, message.attempts, message.due_at = Message.State.QUEUED, 0, timezone.now()
    message.save(update_fields=["state", "attempts", "due_at"])
    _record(message.request, Event.MAIL_AGAIN, by=by)
    wake_worker()


# -- What the acts share ---------------------------------------------------------------------------------------------


def _locked(request: EvaluationRequest) -> EvaluationRequest:
    """Return the request as it is in the database now, with nobody else changing it."""
    return EvaluationRequest.objects.select_for_update().get(pk=request.pk)


def _move(request: EvaluationRequest, status: str, reason: str = "") -> None:
    request.status, request.closed_reason = status, reason
    request.closed_at = timezone.now() if status == Status.CLOSED else None
    request.save(update_fields=["status", "closed_reason", "closed_at"])


def _record(request: EvaluationRequest, kind: str, *, by: str, detail: str = "") -> None:
    RequestEvent.objects.create(reference=request.reference, kind=kind, by=by, detail=detail)


def _tell(request: EvaluationRequest, *kinds: str) -> None:
    """Queue messages; those to the patient only where there is a readable address, and no more than one should get."""
    messages = [Message(request=request, kind=kind) for kind in kinds]
    for message in messages:
        if message.is_for_patient:
            message.to = request.email
    has_address = request.email and not isinstance(request.email, Unreadable)
    may_write = has_address and not limits.is_over(limits.MAIL, request.email.casefold())
    Message.objects.bulk_create(one for one in messages if may_write or not one.is_for_patient)
    wake_worker()
