"""Medical review: whether a named clinician has signed exactly the words that patients read.

A page is made of its own words and of pieces that it shares with others, such as a safety notice. It is shown as
reviewed only when all of them are. Guidance behind it: NHS service manual, "Know that a page is up to date".
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections import defaultdict
from collections.abc import Iterable

from treatments import schema
from treatments.models import SignOff


class Status(enum.Enum):
    NEVER = "never reviewed"
    EDITED = "edited since its last medical review"
    REVIEWED = "medically reviewed"


@dataclasses.dataclass(frozen=True)
class Review:
    """How far words are reviewed. The dates are days in the clinic's time zone."""

    status: Status
    on: datetime.date | None = None
    reviewers: tuple[str, ...] = ()
    next_on: datetime.date | None = None
    edited_on: datetime.date | None = None
    overdue: bool = False

    @property
    def is_reviewed(self) -> bool:
        return self.status is Status.REVIEWED

    @property
    def is_edited(self) -> bool:
        return self.status is Status.EDITED


def by_content(sign_offs: Iterable[SignOff], zone) -> dict[tuple, list[tuple[SignOff, datetime.date]]]:
    """Sort sign-offs by the content they belong to, the oldest first, each with its day in the clinic's zone."""
    sorted_out = defaultdict(list)
    for sign_off in sign_offs:
        key = (sign_off.version.kind, sign_off.version.content_id)
        sorted_out[key].append((sign_off, sign_off.signed_at.astimezone(zone).date()))
    return sorted_out


def of_record(published, signed: dict, zone) -> Review:
    """Return how far one published record is reviewed, by the newest signature that counts for it."""
    of_content = signed.get((published.kind, published.content_id), [])
    words = schema.clinical_fingerprint(published.kind, published.record) if of_content else ""
    exact = [one for one in of_content if one[0].fingerprint == words]
    for sign_off, day in reversed(exact):
        return Review(Status.REVIEWED, day, (str(sign_off),), sign_off.next_review_on)
    for sign_off, day in reversed(of_content):
        if sign_off.was_public:
            return Review(Status.EDITED, day, (str(sign_off),), sign_off.next_review_on, published.day(zone))
    return Review(Status.NEVER)


def of_page(pieces: list[Review], today: datetime.date) -> Review:
    """Return the review of a page from those of its pieces: the least reviewed and the oldest one counts."""
    own = pieces[0]
    if any(one.status is Status.NEVER for one in pieces):
        return Review(Status.NEVER)
    oldest, due = min(one.on for one in pieces), min(one.next_on for one in pieces)
    if edited := [one.edited_on for one in pieces if one.is_edited]:
        return Review(Status.EDITED, oldest, own.reviewers, due, max(edited))
    reviewers = tuple(dict.fromkeys(name for one in pieces for name in one.reviewers))
    return Review(Status.REVIEWED, oldest, reviewers, due, overdue=due <= today)
