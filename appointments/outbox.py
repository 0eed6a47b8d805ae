"""Sending what is queued: one message at a time, by any number of workers, until it is sent or given up."""

import logging
import smtplib
import threading
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from appointments.mail import SomeRefusedError
from appointments.models import Message, RequestEvent
from appointments.notifications import UnsendableError, deliver

log = logging.getLogger(__name__)

CHANNEL = "message"
LEASE = timedelta(minutes=2)  # a worker that dies while sending lets go of the message after this long
LONGEST_WAIT = timedelta(hours=1)
ATTEMPTS = 32  # with the waits below: a mail server may be away for a day before a message is given up
IDLE_SECONDS = 30.0  # how often to look without being woken, for messages whose wait has ended
NAP_SECONDS = 1.0  # how long a request to stop may go unheard


def wake_worker() -> None:
    """Wake the workers when the present transaction commits; a rollback wakes nobody."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


def _take() -> Message | None:
    """Claim one message that is due. Others skip it; the claim lapses by itself if this process dies."""
    with transaction.atomic():
        due = Message.objects.filter(state=Message.State.QUEUED, due_at__lte=timezone.now())
        # Of the request only what a message can say.
        names = [field.name for field in Message._meta.fields if field.name != "request"]
        names += ["request__reference", "request__reply_by", "request__tracking_token"]
        due = due.select_related("request").only(*names)
        message = due.select_for_update(skip_locked=True, of=("self",)).first()
        if message:
            message.attempts += 1
            message.due_at = timezone.now() + LEASE
            message.save(update_fields=["attempts", "due_at"])
        return message


def send_one() -> bool:
    """Send one message that is due, and return whether there was one."""
    message = _take()
    if message is None:
        return False
    try:
        deliver(message)
    except Exception as error:  # whatever a mail server can do must not stop the next message
        kind = type(error).__name__
        log.warning("Message %s was not sent: %s", message.pk, kind)
        if message.attempts >= ATTEMPTS or _is_final(error):
            give_up(message, Message.State.FAILED, error=kind)
        else:
            wait = min(LONGEST_WAIT, timedelta(seconds=2**message.attempts))
            _still_queued(message).update(last_error=kind, due_at=timezone.now() + wait)
    else:
        _still_queued(message).update(state=Message.State.SENT, sent_at=timezone.now(), last_error="")
    return True


def _still_queued(message: Message):
    """Return the message as a query. It finds nothing if it came back, or its request was erased, while it was sent."""
    return Message.objects.filter(pk=message.pk, state=Message.State.QUEUED)


@transaction.atomic
def give_up(message: Message, state: str, *, error: str = "") -> bool:
    """Mark a message as not delivered, put that on the record of its request, and return whether that was news.

    `error` is the kind of the error, never its text.
    """
    if not Message.objects.filter(pk=message.pk).exclude(state=state).update(state=state, last_error=error):
        return False
    RequestEvent.objects.create(
        reference=message.request.reference,
        kind=RequestEvent.Kind.MAIL_FAILED,
        by=RequestEvent.WEBSITE,
        detail=message.kind,
    )
    return True


def _is_final(error: Exception) -> bool:
    """Return whether trying again is no use: mail servers refuse for good with codes from 500 on (RFC 5321)."""
    match error:
        case SomeRefusedError():
            return True  # the others have it, and would get it once more with every attempt
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
        case smtplib.SMTPSenderRefused() | smtplib.SMTPDataError():
            codes = [error.smtp_code]
        case _:
            return isinstance(error, UnsendableError)
    # "Sign in first" (RFC 4954) is about a setting of ours, so about every message; it can be put right within a day.
    return all(code >= 500 and code != 530 for code in codes)


def _woken() -> bool:
    # Outside a cursor psycopg's errors would not become Django's by themselves.
    with connection.wrap_database_errors:
        return any(True for _ in connection.connection.notifies(timeout=NAP_SECONDS, stop_after=1))


def work(stop: threading.Event) -> None:
    """Send messages as they become due until `stop` is set. Raises Django's database errors."""
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    while not stop.is_set():
        while not stop.is_set() and send_one():
            pass
        waited = 0.0
        while not stop.is_set() and waited < IDLE_SECONDS:
            if _woken():
                break
            waited += NAP_SECONDS
