"""Counting without people: what is read and asked for, as totals of a day.

No cookie, address, time or identifier is kept. What happens is added up in memory and written at most once a minute,
so a row cannot be matched with a visit. What was searched for in vain could itself tell about a person, so it is kept
as a keyed hash until it has been searched for FEWEST times; words with a digit or an @, which may be a phone number or
an address, are never kept. A process that is killed loses the counts of its last minute, which do no harm.
"""

import atexit
import datetime
import logging
import re
import threading
import time
from collections import Counter

from django.conf import settings
from django.core.signals import request_finished
from django.db import connection, transaction
from django.db.models import Max, Sum
from django.dispatch import receiver
from django.utils.crypto import salted_hmac

from treatments.models import DailyCount

log = logging.getLogger(__name__)

FEWEST = 5
"""Smaller numbers are shown to nobody."""
LONGEST = 60
"""Letters. Longer searches are stories, not names of something that the site lacks."""
HASHES_KEPT = datetime.timedelta(days=90)
MOST_WAITING = 5_000
"""Different things in memory; more can only come from a program, and are not counted."""

Subject = DailyCount.Subject

_lock = threading.Lock()
_waiting: Counter[tuple[datetime.date, str, str]] = Counter()
_searched: dict[str, str] = {}
"""The words of searches in memory, by their hash."""
_written = time.monotonic()


def count(request, subject: Subject, *names: str) -> None:
    """Add one for each name."""
    if not _counts(request):
        return
    day = request.library.today
    with _lock:
        for name in names:
            if (key := (day, subject.value, name)) in _waiting or len(_waiting) < MOST_WAITING:
                _waiting[key] += 1


def _counts(request) -> bool:
    """Whether it is a patient who reads what is public, and not staff, who carry a session, or a reader of a draft."""
    is_staff, draft = settings.SESSION_COOKIE_NAME in request.COOKIES, getattr(request, "shown_version", None)
    return request.method != "HEAD" and not is_staff and not draft


def count_missed(request, words: str) -> None:
    """Add one to the searches that found nothing."""
    if not _counts(request):
        return
    words = re.sub(r"\s+", " ", words.casefold()).strip()
    if not words or len(words) > LONGEST or re.search(r"[\d@]|[^\w\s'’-]", words):
        count(request, Subject.MISSED, "")
        return
    name = salted_hmac("treatments.counting", words, algorithm="sha256").hexdigest()
    count(request, Subject.MISSED, name)
    with _lock:
        if len(_searched) < MOST_WAITING:
            _searched[name] = words


@receiver(request_finished, dispatch_uid="treatments.counting")
def _after_a_request(**kwargs):
    """Write when it is time. Nobody waits for it: the answer has been sent."""
    every = settings.COUNTS_EVERY
    if _waiting and every is not None and time.monotonic() - _written >= every:
        write()


def write() -> None:
    """Add what was counted to the database. When that is away, the counts wait for the next time."""
    global _written
    with _lock:
        counts, searched = Counter(_waiting), dict(_searched)
        _waiting.clear()
        _searched.clear()
        _written = time.monotonic()
    if not counts:
        return
    try:
        with transaction.atomic():
            _add(counts)
            _name_what_many_search_for(searched)
    except Exception as error:  # counting must never be why a page fails; the text may repeat what a row holds
        log.warning("Counts of pages could not be written: %s", type(error).__name__)
        with _lock:
            _waiting.update(counts)
            _searched.update(searched)


def _add(counts):
    # In one order, so that two processes never wait for each other in a circle.
    rows = [(*key, number) for key, number in sorted(counts.items())]
    days, subjects, names, numbers = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO treatments_dailycount AS present (day, subject, name, words, count) "
            "SELECT day, subject, name, '', number "
            "FROM unnest(%s::date[], %s::text[], %s::text[], %s::int[]) AS added (day, subject, name, number) "
            "ON CONFLICT (subject, name, day) DO UPDATE SET count = present.count + excluded.count",
            [days, subjects, names, numbers],
        )


def _name_what_many_search_for(searched):
    """Keep the words of what has been searched for often enough, and forget hashes that never were."""
    missed = DailyCount.objects.filter(subject=Subject.MISSED)
    totals = missed.filter(name__in=searched).values("name").annotate(total=Sum("count"))
    for name in [row["name"] for row in totals if row["total"] >= FEWEST]:
        missed.filter(name=name, words="").update(words=searched[name])
    if searched:
        newest = missed.aggregate(newest=Max("day"))["newest"] or datetime.date.max
        missed.filter(words="", day__lt=newest - HASHES_KEPT).exclude(name="").delete()


@atexit.register
def _at_the_end():
    if settings.COUNTS_EVERY is not None:
        write()
