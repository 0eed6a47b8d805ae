"""What happens by itself: scheduled versions become public, and pages are taken down, when their moment has come."""

import logging

from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from treatments import library, publishing
from treatments.models import Version

log = logging.getLogger(__name__)

AWAY = (DatabaseError, InterfaceError)


def current_library() -> library.Library:
    """Return the published library after everything has happened that is due.

    Whoever asks first after a moment has come makes it happen, so no timer can be late or forgotten.
    """
    words, due = library.published_and_due()
    if not due:
        return words
    apply_due()
    return library.published()


def is_away(request) -> bool:
    """Return whether the database is away, and give the request words with which it can be answered all the same."""
    try:
        request.library = current_library()
    except AWAY:
        request.library = library.last_known()
        return True
    return False


def apply_due() -> int:
    """Do what was scheduled for a moment that has come, and return how much that was.

    Several that ask at once wait for each other, and only the first finds something to do. What fails holds up
    nothing else: patients read on what was public before, and the next request tries again.
    """
    done = 0
    due = Version.objects.due(timezone.now()).order_by("publish_at", "retire_at", "pk")
    for pk in due.values_list("pk", flat=True):
        try:
            with transaction.atomic():
                done += publishing.do_what_is_due(pk)
        except Exception:
            log.exception("What is scheduled for version %s could not be done", pk)
    return done
