"""Sending what is queued: one message at a time, by any number of workers, until it is sent or given up."""

import logging
import threading
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from appointments.models import StaffMessage
from appointments.notifications import tell_staff_of_request

log = logging.getLogger(__name__)

CHANNEL = "staff_message"
LEASE = timedelta(minutes=2)  # a worker that dies while sending lets go of the message after this long
LONGEST_WAIT = timedelta(hours=1)
ATTEMPTS = 32  # with the waits below: a mail server may be away for a day before a message is given up
IDLE_SECONDS = 30.0  # how often to look without being woken, for messages whose wait has ended
NAP_SECONDS = 1.0  # how long a request to stop may go unheard


def wake_worker() -> None:
    """Wake the workers when the present transaction commits; a rollback wakes nobody."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


def _take() -> StaffMessage | None:
    """Claim one message that is due. Others skip it; the claim lapses by itself if this process dies."""
    with transaction.atomic():
        due = StaffMessage.objects.filter(state=StaffMessage.State.QUEUED, due_at__lte=timezone.now())
        # Of the request only the reference: a message must not depend on what can be decrypted.
        due = due.select_related("request").only(
            "state", "attempts", "due_at", "sent_at", "last_error", "request__reference"
        )
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
        tell_staff_of_request(message.request.reference, message.pk)
    except Exception as error:  # whatever a mail server can do must not stop the next message
        given_up = message.attempts >= ATTEMPTS
        message.state = StaffMessage.State.FAILED if given_up else StaffMessage.State.QUEUED
        message.due_at = timezone.now() + min(LONGEST_WAIT, timedelta(seconds=2**message.attempts))
        message.last_error = type(error).__name__
        log.warning("Message %s was not sent: %s", message.pk, message.last_error)
    else:
        message.state, message.sent_at, message.last_error = StaffMessage.State.SENT, timezone.now(), ""
    message.save(update_fields=["state", "due_at", "last_error", "sent_at"])
    return True


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
