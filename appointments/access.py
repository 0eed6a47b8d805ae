"""Who looked at what. A page that shows requests writes its line here before it is sent: no line, no page."""

import datetime
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from appointments import limits
from appointments.models import Access


def record(request, kind: str, references: Iterable[str] = (), *, detail: str = "", by: str | None = None) -> None:
    """Put on record that the user of this web request did something with the requests of these references.

    `by` names the account where nobody is signed in yet, or no longer.

    Raises Django's database errors, so that a page whose reading cannot be recorded is not shown. Within a transaction
    it belongs near the end: everybody else's lines wait until that is over.
    """
    Access.objects.create(
        by=request.user.get_username() if by is None else by,
        address=limits.client_address(request),
        kind=kind,
        references=list(references),
        detail=detail,
    )


def of_request(reference: str) -> QuerySet[Access]:
    """Return who saw one request, the latest first, also when it was one of many in a list."""
    return Access.objects.filter(references__contains=[reference])


@dataclass
class Chain:
    """What `verify` found."""

    lines: int = 0
    """How many are as they were written, counted up to the first that is not."""
    last: str = ""
    """The fingerprint of the last of them."""
    broken: int | None = None
    """The number of the first line that is not as it was written, or whose predecessor is gone."""
    has_expected: bool = True


def verify(expected: str = "") -> Chain:
    """Read the whole record and compare each fingerprint with its line.

    Lines taken away at the end leave a chain that fits. They are missed only by who has kept a fingerprint from before
    somewhere else: `expected` says which one has to be there. May run while the site is in use.
    """
    chain = Chain(has_expected=not expected)
    after = 0
    while batch := list(Access.objects.filter(pk__gt=after).order_by("pk")[:BATCH]):
        for line in batch:
            if line.fingerprint != _fingerprint(line, chain.last):
                chain.broken = line.pk
                return chain
            chain.lines, chain.last = chain.lines + 1, line.fingerprint
            chain.has_expected |= line.fingerprint == expected
        after = batch[-1].pk
    return chain


BATCH = 2000


def _fingerprint(line, before):
    """Return what the database wrote into a line; a migration has the same in SQL."""
    at = line.at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    values = [before, line.pk, at, line.by, line.address, line.kind, line.references, line.detail]
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()
