"""`make bench`: whether the search stays quick with 1,000 pages, on the embedded Postgres of a throw-away site.

The pages are made of sentences of the real ones, in another order, each with a name and other words of its own, so
that many of them speak of whatever is looked for. What is looked for are the phrases of the tests, each as somebody
types it: one POST through Django, from the middleware to the page with its extracts.
"""

import random
import statistics
import sys
import time
import tomllib

from bench.desk import word
from bench.site import ROOT, throw_away_site

PAGES = 1_000
TIMES = 5
PHRASES = ROOT / "tests/treatments/search_phrases.toml"
LIMIT = 50  # milliseconds, for 95 % of all searches


def main() -> None:
    with throw_away_site() as site:
        site.stop()  # the database stays, because this process uses it
        print(f"{'one search, in ms':<18}{'median':>8}{'95%':>8}")
        measure()
        fill()
        late = measure()
    if late > LIMIT:
        sys.exit(f"More than {LIMIT} ms.")


def fill() -> None:
    """Publish as many more information pages as make 1,000 pages."""
    from django.utils import timezone

    from treatments import library, readability, wording
    from treatments.models import Version

    words = library.published()
    said = [
        sentence
        for one in (*words.treatments, *words.pages)
        for _, text in wording.texts(one, short=False)
        for sentence in readability.sentences(text)
    ]
    called = [name for one in words.treatments for name in one.also_called]
    chance = random.Random(1)  # noqa: S311 - the same pages every time
    Version.objects.bulk_create(
        Version(
            kind="infopage",
            content_id=10_000 + number,
            number=1,
            state=Version.State.PUBLISHED,
            published_at=timezone.now(),
            record=page(number, chance, said, called),
        )
        for number in range(PAGES - len(words.pages) - len(words.treatments))
    )


def page(number: int, chance: random.Random, said: list[str], called: list[str]) -> dict:
    """Return the words of one made-up page, as long as those of a treatment."""
    name = word(number * 37)
    return {
        "slug": f"{name.lower()}-{number}",
        "title": f"{name} and {chance.choice(called)}",
        "short_title": name,
        "description": " ".join(chance.sample(said, 2)),
        "menu": "none",
        "menu_position": 1,
        "summary": " ".join(chance.sample(said, 3)),
        "also_called": [f"{word(number * 37 + place)} {chance.choice(called)}" for place in range(6)],
        "body": "\n\n".join(
            f"## {word(chance.randrange(4096))}\n\n" + " ".join(chance.sample(said, 12)) for _ in range(9)
        ),
    }


def measure() -> float:
    """Search for every phrase of the tests, print what it took, and return the 95th percentile in ms."""
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from treatments import library

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE treatments_version")  # as Postgres does by itself in a quiet minute
    client, address = Client(HTTP_HOST="localhost"), reverse("search")
    phrases = [phrase for group in tomllib.loads(PHRASES.read_text()).values() for phrase in group]
    client.post(address, {"q": phrases[0]})  # whatever is kept in memory
    taken = []
    for phrase in phrases * TIMES:
        began = time.perf_counter()
        response = client.post(address, {"q": phrase})
        taken.append((time.perf_counter() - began) * 1000)
        if response.status_code != 200:
            sys.exit("The search was not answered.")
    taken.sort()
    late = taken[int(len(taken) * 0.95)]
    words = library.published()
    pages = len(words.pages) + len(words.treatments)
    print(f"{f'{pages} pages':<18}{statistics.median(taken):>8.0f}{late:>8.0f}", flush=True)
    return late


if __name__ == "__main__":
    main()
