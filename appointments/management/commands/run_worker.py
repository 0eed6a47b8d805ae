import logging
import signal
import threading

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection

from appointments import privacy
from appointments.outbox import work

log = logging.getLogger(__name__)
RETRY_SECONDS = 3.0
HOUSEKEEPING_SECONDS = 60 * 60.0


class Command(BaseCommand):
    help = (
        "Send queued messages, and delete every hour what has had its time, until told to stop (SIGTERM or Ctrl-C). "
        "Any number may run at once."
    )

    def handle(self, **options):
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        # A daemon, so that a long purge does not hold up the end; what it has not committed is undone.
        threading.Thread(target=keep_house, args=[stop], name="housekeeping", daemon=True).start()
        while not stop.is_set():
            try:
                work(stop)
            except (DatabaseError, InterfaceError) as error:
                # Postgres may be restarted under a running worker; it goes on when Postgres is back.
                log.warning("The worker lost the database: %s", type(error).__name__)
                connection.close()
                stop.wait(RETRY_SECONDS)


def keep_house(stop: threading.Event) -> None:
    """Purge at once and then every hour until `stop` is set. Whatever goes wrong in here, messages are still sent."""
    while not stop.is_set():
        try:
            privacy.keep_house()
            call_command("clearsessions")  # those that nobody can use any more
        except Exception as error:  # its text is left out: it may repeat what a row holds
            log.warning("Housekeeping failed and is tried again in an hour: %s", type(error).__name__)
        finally:
            connection.close()
        stop.wait(HOUSEKEEPING_SECONDS)
