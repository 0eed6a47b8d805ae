"""`make bench`: whether the desk stays quick as requests pile up, on the embedded Postgres of a throw-away site.

The database is filled with requests whose every value is really encrypted, with their messages, their record and who
looked at them: first 1,000 of them, a hundred of them open, then 100,000, a thousand of them open; at the end a fifth
of all are opened again. Each page is fetched through Django by the same member of staff. The list has a full page of
50 requests each time, so what differs is how many others there are.
"""

import datetime
import statistics
import sys
import time
import uuid

from bench.site import throw_away_site

SIZES = {1_000: 10, 100_000: 100}
"""How many requests there are, and every which of them is open."""
TIMES = 40
BATCH = 1_000
YEARS = datetime.timedelta(days=3 * 365)
"""How long the clinic has been at it."""
LIST = "/admin/appointments/evaluationrequest/"
SYLLABLES = ("ba", "den", "fi", "gor", "hal", "ke", "lin", "mo", "nar", "pel", "ros", "sun", "tav", "vi", "wen", "zo")


def main() -> None:
    with throw_away_site() as site:
        site.stop()  # the database stays, because this process uses it
        client, found, filled = staff(), {}, 0
        for size, open_every in SIZES.items():
            began = time.perf_counter()
            for start in range(filled, size, BATCH):
                fill(start, min(start + BATCH, size), open_every)
            filled = size
            print(f"{size} requests, {time.perf_counter() - began:.0f} s to fill in", flush=True)
            found[size] = measure(client)
        open_a_fifth()
        found["20% open"] = measure(client)
        table(found)


def staff():
    from django.test import Client

    from tests.factories import make_user

    client = Client(HTTP_HOST="localhost")
    client.user = make_user(username="bench")
    return client


def word(number: int) -> str:
    """Return a made-up name; numbers that differ by less than 4096 have different ones."""
    return "".join(SYLLABLES[number // 16**place % 16] for place in range(3)).title()


def fill(start: int, end: int, open_every: int) -> None:
    """Store requests with these numbers, and all that belongs to them."""
    from django.utils import timezone

    from appointments.models import Access, EvaluationRequest, Message, RequestEvent

    now = timezone.now()
    made = [request(number, now, is_open=number % open_every == 0) for number in range(start, end)]
    stored = EvaluationRequest.objects.bulk_create(made, ignore_conflicts=True)
    # They came one after the other over the years, those that are open in the last days.
    requests = list(EvaluationRequest.objects.filter(submission_key__in=[one.submission_key for one in stored]))
    for number, one in enumerate(requests):
        ago = datetime.timedelta(hours=number % 240) if one.status != "closed" else YEARS * (number + 1) / len(requests)
        one.received_at = now - ago
    EvaluationRequest.objects.bulk_update(requests, ["received_at"])
    sent = {"state": Message.State.SENT, "sent_at": now, "attempts": 1}
    kinds = (Message.Kind.STAFF_NEW, Message.Kind.PATIENT_RECEIVED)
    Message.objects.bulk_create(Message(request=one, kind=kind, **sent) for one in requests for kind in kinds)
    RequestEvent.objects.bulk_create(
        RequestEvent(reference=one.reference, kind=kind, at=one.received_at, by="bench")
        for one in requests
        for kind in ("received", "reached", "moved")
    )
    Access.objects.bulk_create(
        Access(by="bench", kind=kind, references=[one.reference for one in requests[first : first + count]])
        for kind, count in ((Access.Kind.LISTED, 50), (Access.Kind.VIEWED, 1))
        for first in range(0, len(requests), count)
    )


def request(number: int, now: datetime.datetime, *, is_open: bool):
    """Return one request, not stored yet. Of the open ones some are new, some wait, and some are agreed."""
    from appointments.models import EvaluationRequest
    from appointments.references import new_reference
    from tests.factories import request_answers

    today = now.date()
    if is_open:
        stands = (
            {"status": "new"},
            {"status": "in hand", "answered_at": now, "reached_at": now},
            {"status": "waiting", "answered_at": now, "next_try_on": today + datetime.timedelta(days=number % 9 - 5)},
            {"status": "in hand", "tries": 1, "next_try_on": today},
            {"status": "scheduled", "answered_at": now, "reached_at": now, "scheduled_for": now + YEARS / 100},
        )[number // 10 % 5]
    else:
        reason = ("seen", "seen", "seen", "not reached", "withdrawn", "not suitable")[number % 6]
        stands = {"status": "closed", "closed_reason": reason, "closed_at": now, "answered_at": now}
    return EvaluationRequest(
        reference=new_reference(),
        submission_key=uuid.uuid4(),
        tracking_hash=uuid.uuid4().hex,
        tracking_token=uuid.uuid4().hex,
        needs_same_day_call=number % 1000 == 0,
        suspicion="too fast" if number % 100 == 1 else "",
        **request_answers(
            name=f"{word(number)} {word(number * 7 + 3)}",
            phone=f"+1555{number:07}",
            email=f"{number}@mail.example",
            message="A few words. " * 10,
            interests=[("interventional", "hbot", "regenerative", "not-sure")[number % 4]],
            reply_by=today + datetime.timedelta(days=number % 5 - 1),
            **stands,
        ),
    )


def open_a_fifth() -> None:
    from django.db.models import F
    from django.db.models.functions import Mod

    from appointments.models import EvaluationRequest

    some = EvaluationRequest.objects.filter(status="closed").annotate(rest=Mod(F("pk"), 5)).filter(rest=0)
    some.update(status="in hand", closed_reason="", closed_at=None)


def measure(client) -> dict[str, tuple[int, float, float]]:
    """Return for each page the number of queries, and the median and the 95th percentile of its time in ms."""
    from django.db import connection

    from appointments.models import EvaluationRequest
    from tests.factories import sign_in

    sign_in(client, client.user)  # anew each time: filling in takes longer than a session lasts
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as Postgres does by itself in a quiet minute
    one = EvaluationRequest.objects.filter(status="new").last()
    pages = {
        "queue": lambda: client.get(LIST),
        "waiting for the patient": lambda: client.get(LIST, {"show": "waiting"}),
        "closed": lambda: client.get(LIST, {"show": "closed"}),
        "all": lambda: client.get(LIST, {"show": "all"}),
        "interested in one treatment": lambda: client.get(LIST, {"show": "all", "treatment": "interventional"}),
        "search by name": lambda: client.post(f"{LIST}search/", {"words": one.name}, follow=True),
        "search by phone": lambda: client.post(f"{LIST}search/", {"words": one.phone}, follow=True),
        "search by reference": lambda: client.post(f"{LIST}search/", {"words": one.reference}, follow=True),
        "one request": lambda: client.get(f"{LIST}{one.pk}/change/"),
        "morning page": lambda: client.get(f"{LIST}morning/"),
    }
    return {name: timed(fetch) for name, fetch in pages.items()}


def timed(fetch):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    fetch()  # whatever is kept in memory
    with CaptureQueriesContext(connection) as queries:
        if fetch().status_code != 200:
            sys.exit("A page of the desk was not shown.")
        count = len(queries)  # the next page empties the log
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        fetch()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return count, statistics.median(taken), taken[int(TIMES * 0.95)]


def table(found) -> None:
    small, large = (found[size] for size in SIZES)
    names = [str(name) for name in found]
    print(f"{'median and 95% in ms':<29}{'queries':>8}" + "".join(f"{name:>18}" for name in names) + f"{'ratio':>8}")
    for page, (queries, median, _) in large.items():
        cells = "".join(f"{figures[page][1]:>10.0f} {figures[page][2]:>7.0f}" for figures in found.values())
        print(f"{page:<29}{queries:>8}{cells}{median / small[page][1]:>8.1f}")


if __name__ == "__main__":
    main()
