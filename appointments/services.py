"""What can be done with a request. Each act is one transaction that also writes the line of the record about it."""

import hashlib
import secrets
import uuid
from datetime import date, datetime, timedelta

from django.db import models, transaction
from django.utils import timezone
from django.utils.formats import date_format

from appointments import business_days, limits
from appointments.encryption import Unreadable
from appointments.models import EvaluationRequest, Message, RequestDraft, RequestEvent, RequestNote
from appointments.models.statuses import MOVES
from appointments.outbox import wake_worker
from appointments.references import new_reference, normal
from treatments.library import published

Status, ClosedReason, Event = EvaluationRequest.Status, EvaluationRequest.ClosedReason, RequestEvent.Kind


class RefusedError(Exception):
    """What was asked for cannot be done with this request as it is now. The text says why, for the person who asked."""


def submit_evaluation_request(*, submission_key: uuid.UUID, taken_by=None, **values) -> EvaluationRequest:
    """Store a request, the record of it and the messages about it, all or none, and return the request.

    A second call with the same `submission_key` stores nothing and returns the first request, so that a double
    click, a refresh or a form sent again after an outage makes one request. The draft with that key is deleted.
    When this returns, the request is on disk. `values` are checked values of EvaluationRequest's fields. Suspected
    spam is stored like the rest and told to nobody until staff take it off the shelf. `taken_by` is the user who
    wrote down what somebody said on the phone, and who then looks after it. Raises Django's database errors when
    Postgres is away.
    """
    with transaction.atomic(durable=True):
        return store_request(submission_key=submission_key, taken_by=taken_by, **values)


def store_request(*, submission_key: uuid.UUID, taken_by=None, **values) -> EvaluationRequest:
    """Do what `submit_evaluation_request` does, in a transaction of the caller: nothing is on disk before its end."""
    token = secrets.token_urlsafe(32)
    hashed = tracking_hash(token)
    while True:
        request = EvaluationRequest(
            submission_key=submission_key,
            reference=new_reference(),
            tracking_token=token,
            tracking_hash=hashed,
            owner=taken_by,
            **values,
        )
        # "On conflict do nothing" rather than an error: Postgres would log the failed statement with its values.
        EvaluationRequest.objects.bulk_create([request], ignore_conflicts=True)
        stored = EvaluationRequest.objects.filter(submission_key=submission_key).first()
        if stored:
            break
        # The conflict was about the reference: somebody else has it. Draw another one.
    if stored.tracking_hash == hashed:
        if taken_by:
            _record(stored, Event.RECEIVED, by=taken_by.get_username(), detail="phone")
            _tell(stored, Message.Kind.PATIENT_RECEIVED)
        else:
            _record(stored, Event.RECEIVED, by=RequestEvent.PATIENT)
        if not stored.suspicion and not taken_by:
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
    closed = _moved(request, Status.CLOSED, ClosedReason.WITHDRAWN)
    _act(request, Event.WITHDRAWN, by=RequestEvent.PATIENT, changes=closed, can_be_undone=False)
    _tell(request, Message.Kind.STAFF_CHANGED, Message.Kind.PATIENT_WITHDRAWN)


CONTACT_FIELDS = ("contact_by", "phone", "email", "may_leave_message", "may_text")
TIME_FIELDS = ("best_times", "times_to_avoid")


@transaction.atomic
def change_by_patient(request: EvaluationRequest, values: dict, *, needs_same_day_call: bool = False) -> None:
    """Change how and when a request's sender can be reached.

    A new e-mail address is told to the old one, which is the only one that is known to be the sender's. With
    `needs_same_day_call`, what they wrote speaks of a warning sign, and somebody is to speak with them about that.
    Raises RefusedError when the request is closed.
    """
    request = _locked(request)
    if request.status == Status.CLOSED:
        raise RefusedError("This request is closed. Please call us.")
    told = (Message.Kind.STAFF_CHANGED, Message.Kind.PATIENT_CHANGED)
    if _change(request, values, Event.CHANGED, by=RequestEvent.PATIENT, tell=told) and needs_same_day_call:
        # To have been reached before the sign is not enough: it stands first until somebody speaks with them again.
        request.needs_same_day_call, request.reached_at = True, None
        request.save(update_fields=["needs_same_day_call", "reached_at"])


def _change(request, values, kind, *, by, tell=()) -> bool:
    """Change how or when a locked request's sender can be reached, and return whether anything is new."""
    unknown = values.keys() - {*CONTACT_FIELDS, *TIME_FIELDS}
    if unknown:
        raise TypeError(f"Nobody can change {', '.join(sorted(unknown))}.")
    changed = [name for name, value in values.items() if getattr(request, name) != value]
    if not changed:
        return False
    _tell(request, *tell)  # by the address that was known until now
    for name in changed:
        setattr(request, name, values[name])
    # What was tried in vain is behind us, and the request is to be taken up again now.
    request.tries, request.next_try_on, request.letter_on = 0, None, None
    follows = ("phone_lookup", "email_lookup", "search_lookups", "tries", "next_try_on", "letter_on")
    request.save(update_fields=[*changed, *follows])
    _record(request, kind, by=by, detail="times" if set(changed) <= set(TIME_FIELDS) else "contact")
    return True


# -- The acts of staff -------------------------------------------------------------------------------------------

MOST_TRIES = 3
"""Attempts in vain after which calling stops and a letter is due."""
NEXT_TRY_DAYS = {Event.NO_ANSWER: 1, Event.LEFT_MESSAGE: 2, Event.WRONG_NUMBER: 1}
WAIT_DAYS, LETTER_DAYS = 5, 10
"""Days on which the clinic is open, until a request comes back by itself: after an attempt in vain, while it is the
patient's turn, and after a letter."""
LATEST_TRY = timedelta(days=90)
UNDO_WITHIN = timedelta(minutes=15)
DESK_FIELDS = (
    "status", "closed_reason", "closed_at", "duplicate_of_id", "reached_at", "answered_at", "tries", "next_try_on",
    "letter_on", "scheduled_for", "clinician", "place",
)  # fmt: skip
"""What the acts of staff change, and what undoing one puts back."""


class CancelReason(models.TextChoices):
    """Why an agreed evaluation is moved or cancelled."""

    PATIENT = "patient", "The patient asked for it"
    CLINIC = "clinic", "The clinic has to change it"
    MISSED = "missed", "The patient did not come"
    MISTAKE = "mistake", "It was entered by mistake"


@transaction.atomic
def move(request: EvaluationRequest, status: str, *, by: str, reason: str = "", duplicate_of: str = "") -> None:
    """Move a request to another status.

    Closing needs one of ClosedReason, and closing as a duplicate the reference of the request to go on with. A request
    becomes scheduled by `schedule`, and an agreed evaluation ends by `cancel_visit`. Raises RefusedError.
    """
    request = _locked(request)
    if status not in MOVES[request.status]:
        now, then = request.get_status_display(), Status(status).label
        raise RefusedError(f"A request that is “{now}” cannot become “{then}”.")
    if status == Status.SCHEDULED:
        raise RefusedError("Enter the day and the time of the evaluation.")
    if status != Status.CLOSED and request.status == Status.SCHEDULED and request.scheduled_for:
        raise RefusedError("An evaluation is agreed. Cancel it first, and say why.")
    if (status == Status.CLOSED) != (reason in ClosedReason.values):
        raise RefusedError("Say why you close the request.")
    changes = _moved(request, status, reason)
    if reason == ClosedReason.DUPLICATE:
        changes["duplicate_of_id"] = _other(request, duplicate_of).pk
    elif request.status == Status.CLOSED:
        changes |= {"duplicate_of_id": None, "scheduled_for": None, "clinician": "", "place": ""}
    if status == Status.WAITING:
        changes |= {"next_try_on": _in_open_days(WAIT_DAYS), "answered_at": request.answered_at or timezone.now()}
    _act(request, Event.MOVED, by=by, detail=reason or status, changes=changes)


def _other(request, reference):
    other = EvaluationRequest.objects.filter(reference=normal(reference)).exclude(pk=request.pk).first()
    if other is None or other.duplicate_of_id == request.pk:
        raise RefusedError("Enter the reference of the request that you go on with.")
    return other


CONTACT_ATTEMPTS = {
    Event.REACHED: Status.IN_HAND,
    Event.LEFT_MESSAGE: Status.WAITING,
    Event.NO_ANSWER: Status.IN_HAND,
    Event.WRONG_NUMBER: Status.IN_HAND,
}
"""What becomes of a request after somebody tried to reach its sender."""


@transaction.atomic
def record_contact(request: EvaluationRequest, attempt: str, *, by: str) -> None:
    """Record that somebody tried to reach the sender; an open request moves on by itself. Raises RefusedError.

    After an attempt in vain it comes back on a later open day of the clinic, or the same day where a warning sign was
    chosen: somebody has to be spoken with then.
    """
    request = _open(request)
    changes = {} if request.status == Status.SCHEDULED else _moved(request, CONTACT_ATTEMPTS[attempt])
    if attempt == Event.REACHED:
        changes |= {"reached_at": request.reached_at or timezone.now(), "tries": 0, "letter_on": None}
    else:
        tries = request.tries + 1
        today = tries >= MOST_TRIES or request.call_first
        changes |= {"tries": tries, "next_try_on": _in_open_days(0 if today else NEXT_TRY_DAYS[attempt])}
    if attempt in (Event.REACHED, Event.LEFT_MESSAGE):
        changes["answered_at"] = request.answered_at or timezone.now()
    _act(request, attempt, by=by, changes=changes)


@transaction.atomic
def put_off(request: EvaluationRequest, day: date, *, by: str) -> None:
    """Keep a request out of the way until a day at the clinic. Raises RefusedError."""
    request = _open(request)
    if request.call_first:
        raise RefusedError("A warning sign was chosen. Somebody has to speak with them today.")
    today = published().today
    if not today < day <= today + LATEST_TRY:
        raise RefusedError(f"Choose a day from tomorrow on, at most {LATEST_TRY.days} days ahead.")
    if not request.answered_at and request.reply_by and day > max(request.reply_by, _in_open_days(1)):
        promised = date_format(request.reply_by, "l, F j")
        raise RefusedError(f"We promised an answer by {promised}. Choose an earlier day, or answer first.")
    _act(request, Event.PUT_OFF, by=by, detail=day.isoformat(), changes={"next_try_on": day})


@transaction.atomic
def correct_contact(request: EvaluationRequest, values: dict, *, by: str) -> None:
    """Put right how a request's sender can be reached, as they or their helper told staff. Raises RefusedError.

    Nobody is written to: what is put right is often an address or a number that belongs to a stranger.
    """
    if not _change(_open(request), values, Event.CORRECTED, by=by):
        raise RefusedError("This is what we have already.")


@transaction.atomic
def record_letter(request: EvaluationRequest, *, by: str) -> None:
    """Record that a letter went to somebody who could not be reached. Raises RefusedError."""
    request = _open(request)
    if request.tries < MOST_TRIES:
        raise RefusedError(f"A letter is sent after {MOST_TRIES} attempts to reach them.")
    changes = {"letter_on": published().today, "answered_at": request.answered_at or timezone.now()}
    if request.status != Status.SCHEDULED:
        changes |= _moved(request, Status.WAITING)
    _act(request, Event.LETTER, by=by, changes=changes | {"next_try_on": after_letter()})


@transaction.atomic
def schedule(
    request: EvaluationRequest, when: datetime, *, clinician: str, place: str, by: str, reason: str = ""
) -> None:
    """Record when an evaluation takes place (aware, any zone), or that it takes place at another time.

    Moving it needs one of CancelReason. The sender is told that there is news on their page. Raises RefusedError.
    """
    request = _open(request)
    if when <= timezone.now():
        raise RefusedError("This time has passed. Enter a time to come.")
    moved = bool(request.scheduled_for)
    if moved and reason not in CancelReason.values:
        raise RefusedError("Say why the evaluation is moved.")
    now = timezone.now()
    changes = {
        "scheduled_for": when,
        "clinician": clinician,
        "place": place,
        "reached_at": request.reached_at or now,
        "answered_at": request.answered_at or now,
        "tries": 0,
        "letter_on": None,
    }
    _act(
        request,
        Event.RESCHEDULED if moved else Event.SCHEDULED,
        by=by,
        detail=reason if moved else "",
        changes=changes | _moved(request, Status.SCHEDULED),
        can_be_undone=False,
    )
    _tell(request, Message.Kind.PATIENT_NEWS)


@transaction.atomic
def cancel_visit(request: EvaluationRequest, *, reason: str, by: str) -> None:
    """Record that an agreed evaluation does not take place; the request is to be handled again. Raises RefusedError."""
    request = _open(request)
    if not request.scheduled_for:
        raise RefusedError("No evaluation is agreed.")
    if reason not in CancelReason.values:
        raise RefusedError("Say why the evaluation is cancelled.")
    changes = {"scheduled_for": None, "clinician": "", "place": ""} | _moved(request, Status.IN_HAND)
    _act(request, Event.CANCELLED, by=by, detail=reason, changes=changes, can_be_undone=False)
    _tell(request, Message.Kind.PATIENT_NEWS)


@transaction.atomic
def give(request: EvaluationRequest, owner, *, by: str) -> None:
    """Say who looks after a request: a user, or None for nobody. What was clicked before can still be undone."""
    request = _locked(request)
    if request.owner != owner:
        request.owner = owner
        request.save(update_fields=["owner"])
        _record(request, Event.OWNER, by=by, detail=owner.get_username() if owner else "nobody")


@transaction.atomic
def write_note(request: EvaluationRequest, text: str, *, by: str) -> None:
    """Write a note that only staff can read. Raises RefusedError when it is empty."""
    if not text.strip():
        raise RefusedError("Write something first.")
    request = _locked(request)
    RequestNote.objects.create(request=request, text=text.strip(), by=by)
    _record(request, Event.NOTED, by=by)


def after_letter() -> date:
    """Return the day at the clinic until which a letter that is sent today waits for an answer."""
    return _in_open_days(LETTER_DAYS)


HOLD_YEARS = 10


@transaction.atomic
def hold(request: EvaluationRequest, day: date | None, *, by: str, reason: str = "") -> None:
    """Keep a request through a day at the clinic, or with None no longer than others are kept.

    Until then nothing deletes it, neither its time limit nor an erasure. `reason` is one of HoldReason. Raises
    RefusedError.
    """
    request = _locked(request)
    if day is None:
        if request.hold_until is None:
            return
        kind, detail, reason = Event.RELEASED, "", ""
    else:
        if not published().today <= day <= published().today + timedelta(days=HOLD_YEARS * 366):
            raise RefusedError(f"Choose a day from today on, at most {HOLD_YEARS} years ahead.")
        if reason not in EvaluationRequest.HoldReason.values:
            raise RefusedError("Say why the request has to be kept.")
        kind, detail = Event.HELD, f"{reason}, until {day.isoformat()}"
    request.hold_until, request.hold_reason = day, reason
    request.save(update_fields=["hold_until", "hold_reason"])
    _record(request, kind, by=by, detail=detail)


def can_undo(request: EvaluationRequest, *, by: str) -> bool:
    """Return whether this user can undo the last act: it was theirs, just now, and nothing has happened since."""
    if not request.status_before:
        return False
    last = RequestEvent.objects.filter(reference=request.reference).exclude(kind__in=ASIDE).order_by("at", "pk").last()
    if last is None or last.pk != request.before.get("event"):
        return False
    return last.by == by and timezone.now() - last.at < UNDO_WITHIN


ASIDE = (Event.OWNER, Event.NOTED, Event.HELD, Event.RELEASED)
"""Lines of the record that stand in nobody's way when the last click is undone."""


@transaction.atomic
def undo(request: EvaluationRequest, *, by: str) -> None:
    """Put a request back to what it was before the last act of this user. Both stay on record. Raises RefusedError."""
    request = _locked(request)
    if not can_undo(request, by=by):
        raise RefusedError("This can no longer be undone. Please look again at what happened.")
    event, was = request.before["event"], request.before["was"]
    for name, value in was.items():
        setattr(request, name, EvaluationRequest._meta.get_field(name).to_python(value))
    request.before, request.status_before = {}, ""
    request.save(update_fields=[*was, "before", "status_before"])
    _record(request, Event.UNDONE, by=by, detail=str(event))


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
    if message.is_for_patient and message.kind != Message.Kind.PATIENT_CHANGED and message.request.email:
        message.to = message.request.email  # it may have been put right since; the excepted kind is for the old one
    message.save(update_fields=["state", "attempts", "due_at", "to"])
    _record(message.request, Event.MAIL_AGAIN, by=by)
    wake_worker()


# -- What the acts share ---------------------------------------------------------------------------------------------


def _locked(request: EvaluationRequest) -> EvaluationRequest:
    """Return the request as it is in the database now, with nobody else changing it."""
    return EvaluationRequest.objects.select_for_update().get(pk=request.pk)


def _open(request: EvaluationRequest) -> EvaluationRequest:
    """Return the request as it is now, locked. Raises RefusedError when it is closed."""
    request = _locked(request)
    if request.status == Status.CLOSED:
        raise RefusedError("This request is closed. Open it again first.")
    return request


def _moved(request: EvaluationRequest, status: str, reason: str = "") -> dict:
    """Return what a change of status changes. Only some can follow each other; staying where one is always can."""
    if status != request.status and status not in MOVES[request.status]:
        raise RefusedError(
            f"A request that is “{request.get_status_display()}” cannot become “{Status(status).label}”."
        )
    closed_at = timezone.now() if status == Status.CLOSED else None
    return {"status": status, "closed_reason": reason, "closed_at": closed_at, "next_try_on": None}


def _act(request, kind, *, by: str, changes: dict, detail: str = "", can_be_undone: bool = True) -> None:
    """Change a request, write the line of the record, and keep what it was like before."""
    was = {name: getattr(request, name) for name in DESK_FIELDS}
    event = _record(request, kind, by=by, detail=detail)
    for name, value in changes.items():
        setattr(request, name, value)
    request.before, request.status_before = {}, ""
    if can_be_undone:
        readable = {name: value for name, value in was.items() if not isinstance(value, Unreadable)}
        request.before, request.status_before = {"event": event.pk, "was": readable}, was["status"]
    request.save(update_fields=[*changes, "before", "status_before"])


def _in_open_days(number: int) -> date:
    """Return the day at the clinic that is this many open days ahead; today for 0."""
    clinic = published().clinic
    return business_days.open_day(timezone.now(), clinic, number) if number else published().today


def _record(request: EvaluationRequest, kind: str, *, by: str, detail: str = "") -> RequestEvent:
    return RequestEvent.objects.create(reference=request.reference, kind=kind, by=by, detail=detail)


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
