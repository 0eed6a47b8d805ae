"""`make bench`: whether the desk stays quick as requests pile up, on the embedded Postgres of a throw-away site.

The database is filled with requests whose every value is really encrypted, first 1,000 of them and then 100,000, one in
a hundred open; at the end a fifth of all are opened. Each page is fetched through Django with the same staff account.
"""

import datetime
import statistics
import sys
import time
import uuid

from bench.site import throw_away_site

SIZES = (1_000, 100_000)
OPEN_EVERY = 100
TIMES = 40
BATCH = 1_000
LIST = "/admin/appointments/evaluationrequest/"


def main() -> None:
    with throw_away_site() as site:
        site.stop()  # the database stays, because this process uses it
        client, found, filled = staff(), {}, 0
        for size in SIZES:
            began = time.perf_counter()
            fill(filled, size)
            filled = size
            print(f"{size} requests, {time.perf_counter() - began:.0f} s to fill in", flush=True)
            found[size] = measure(client)
        open_every_fifth()
        found["20% open"] = measure(client)
        table(found)


def staff():
    from django.test import Client

    from tests.factories import make_user

    client = Client(HTTP_HOST="localhost")
    client.force_login(make_user(username="bench"))
    return client


def fill(start: int, end: int) -> None:
    """Store requests with these numbers: most are closed, and their words differ."""
    from django.utils import timezone

    from appointments.models import EvaluationRequest
    from appointments.references import new_reference
    from tests.factories import request_answers

    now, made, used = timezone.now(), [], set()
    for number in range(start, end):
        is_open = number % OPEN_EVERY == 0
        reference = new_reference()
        while reference in used:
            reference = new_reference()
        used.add(reference)
        closed = {} if is_open else {"status": "closed", "closed_reason": "seen", "closed_at": now}
        answers = request_answers(
            name=f"Sample Person{number}", phone=f"+1555{number:07}", message="A few words. " * 10, **closed
        )
        made.append(
            EvaluationRequest(
                reference=reference,
                submission_key=uuid.uuid4(),
                tracking_hash=uuid.uuid4().hex,
                tracking_token=uuid.uuid4().hex,
                needs_same_day_call=number % 1000 == 0,
                **answers,
            )
        )
        if len(made) == BATCH:
            store(made, now)
            made = []
    store(made, now)


def store(made, now):
    from django.db import connection

    from appointments.models import EvaluationRequest

    EvaluationRequest.objects.bulk_create(made, ignore_conflicts=True)
    # They were received over the last three years, not all at once.
    keys = [one.reference for one in made]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE appointments_evaluationrequest SET received_at = %s - random() * %s WHERE reference = ANY(%s)",
            [now, datetime.timedelta(days=3 * 365), keys],
        )


def open_every_fifth() -> None:
    from appointments.models import EvaluationRequest

    some = EvaluationRequest.objects.filter(status="closed").extra(where=["id %% 5 = 0"])
    some.update(status="in hand", closed_reason="", closed_at=None)


def measure(client) -> dict[str, tuple[int, float, float]]:
    """Return for each page the number of queries, and the median and the 95th percentile of its time in ms."""
    from django.db import connection

    from appointments.models import EvaluationRequest

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as Postgres does by itself in a quiet minute
    one = EvaluationRequest.objects.filter(status="new").last()
    pages = {
        "queue": lambda: client.get(LIST),
        "waiting for the patient": lambda: client.get(LIST, {"show": "waiting"}),
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
