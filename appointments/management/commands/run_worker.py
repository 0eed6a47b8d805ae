import logging
import signal
import threading

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection

from appointments.outbox import work

log = logging.getLogger(__name__)
RETRY_SECONDS = 3.0


class Command(BaseCommand):
    help = "Send queued messages until told to stop (SIGTERM or Ctrl-C). Any number may run at once."

    def handle(self, **options):
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        while not stop.is_set():
            try:
                work(stop)
            except (DatabaseError, InterfaceError) as error:
                # Postgres may be restarted under a running worker; it goes on when Postgres is back.
                log.warning("The worker lost the database: %s", type(error).__name__)
                connection.close()
                stop.wait(RETRY_SECONDS)
