"""`make bench`: how many requests a second are on disk, next to the plainest insert that Django can do.

Both run in threads of this process, each with a connection of its own, on the durable embedded Postgres of a site that
has nothing else to do. The plain insert writes one small row in a transaction of its own; a submission encrypts what
was typed, and stores the request, the record of it and two messages in one transaction. The rounds take turns, so that
whatever else the machine does meets both alike, and the median counts.
"""

import statistics
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

from bench.people import Person, wait_as_long_as_people_take
from bench.site import throw_away_site

THREADS = (1, 4, 16)
ROUNDS, SECONDS = 5, 2.0
PEOPLE = 40
"""How many send for each number of threads, where whole pages are measured."""


def main() -> None:
    with throw_away_site(REQUESTS_PER_ADDRESS="1000000") as site:
        require_durability()
        site.stop()  # its worker would send messages meanwhile; the database stays, because this process uses it
        print(f"{'threads':>7} {'plain inserts/s':>16} {'submissions/s':>14} {'ratio':>6}")
        for threads in THREADS:
            plain, whole = in_turn(threads, insert_plainly, submit)
            print(f"{threads:>7} {plain:>16.0f} {whole:>14.0f} {whole / plain:>6.2f}", flush=True)
        delete_what_waits()
        site.start()
        print(f"{'people at once':>14} {'from Send to confirmation/s':>28}")
        for at_once in THREADS:
            print(f"{at_once:>14} {pages_per_second(site, at_once):>28.0f}", flush=True)


def delete_what_waits() -> None:
    """Delete all messages, so that the worker does not spend the next minutes sending them."""
    from appointments.models import Message

    Message.objects.all().delete()


def require_durability() -> None:
    """Exit unless a commit waits for the disk."""
    from django.db import connection

    with connection.cursor() as cursor:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"SHOW {name}")
            if cursor.fetchone() != ("on",):
                sys.exit(f"{name} is off, so these figures would mean nothing.")
            print(f"{name}: on")


numbers = count()


def insert_plainly() -> None:
    from django.utils import timezone

    from appointments.models import Tally

    Tally.objects.create(bucket=uuid.uuid4().hex, window=timezone.now(), count=1)


def submit() -> None:
    from appointments.services import submit_evaluation_request
    from tests.factories import request_answers

    # An address for each, because one address gets only so many messages.
    answers = request_answers(email=f"{next(numbers)}@mail.example", message="A few words. " * 20)
    submit_evaluation_request(submission_key=uuid.uuid4(), **answers)


def in_turn(threads, *acts) -> list[float]:
    """Return how often a second each act is done by so many threads: the medians of several rounds."""
    rates = [[] for _ in acts]
    for _ in range(ROUNDS):
        for act, found in zip(acts, rates, strict=True):
            found.append(rate(act, threads))
    return [statistics.median(found) for found in rates]


def rate(act, threads) -> float:
    start = Barrier(threads)

    def run():
        from django.db import connection

        act()  # connects, and fills whatever is cached
        start.wait()
        began, done = time.perf_counter(), 0
        while time.perf_counter() - began < SECONDS:
            act()
            done += 1
        seconds = time.perf_counter() - began
        connection.close()
        return done / seconds

    with ThreadPoolExecutor(threads) as pool:
        return sum(future.result() for future in [pool.submit(run) for _ in range(threads)])


def pages_per_second(site, at_once) -> float:
    """Return how many people a second go from pressing Send to the confirmation, that page included.

    They share the processors with the site, and with the worker that sends the messages meanwhile.
    """
    people = [Person(next(numbers), site.port) for _ in range(PEOPLE)]
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(Person.fill_in, people))
        wait_as_long_as_people_take(people)
        began = time.perf_counter()
        list(pool.map(Person.send, people))
        return PEOPLE / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
