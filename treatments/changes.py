"""What changed on the site, page by page and day by day, in words that are public.

It is told from what patients have read, version by version, and from the signatures under it that pages show. Who wrote
what, why, and what was never published stay in the history that staff read.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections import defaultdict
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from treatments import prose, schema
from treatments.library import Library
from treatments.models import (
    Content,
    FaqItem,
    GlossaryTerm,
    InfoPage,
    Page,
    SafetyNotice,
    Treatment,
    Version,
    WarningSign,
)

MOST_VERSIONS, MOST = 300, 100  # what is looked at, and what is told of it
PAGES, PIECES = (Treatment, InfoPage), (FaqItem, GlossaryTerm, WarningSign, SafetyNotice)


@dataclasses.dataclass
class Change:
    """All that changed on one page on one day at the clinic."""

    page: Page
    at: datetime.datetime
    is_new: bool = False
    parts: dict[str, None] = dataclasses.field(default_factory=dict)
    """What says something else now, the newest first."""
    reviewers: tuple[str, ...] = ()

    @property
    def day(self) -> datetime.date:
        return self.at.date()

    @property
    def name(self) -> str:
        return self.page.short_title if self.page.slug == "home" else str(self.page)

    @property
    def is_only_new(self) -> bool:
        return self.is_new and not self.reviewers

    @property
    def words(self) -> str:
        said = ["First published."] if self.is_new else []
        if self.parts and not self.is_new:
            said.append(f"New words: {'; '.join(self.parts)}.")
        if self.reviewers:
            said.append(f"Medically reviewed by {'; '.join(self.reviewers)}.")
        return " ".join(said)


@functools.lru_cache(maxsize=1)
def recent(library: Library) -> list[Change]:
    """Return what changed of late, the newest day first; within a day new pages last, and all in the order of the site.

    Costs one query after something was published or signed, and none afterward: the library is a new one then.
    """
    zone = ZoneInfo(library.clinic.time_zone)
    pages = [*library.pages_in_order, *library.treatments]
    changes: dict[tuple, Change] = {}

    def change(page: Page, at: datetime.datetime) -> Change:
        return changes.setdefault((at.date(), page.get_absolute_url()), Change(page, at))

    shown_on = _shown_on(library, pages)
    for version in _versions():
        at, parts = version.published_at.astimezone(zone), _changed(version)
        for page, piece in shown_on[version.kind, version.content_id] if parts else []:
            if piece is not page:
                # By its present name: what a former one said may have been a mistake.
                change(page, at).parts[f"“{prose.one_line(str(piece))}”"] = None
            elif version.before:
                change(page, at).parts |= dict.fromkeys(parts)
            else:
                change(page, at).is_new = True
    for page in pages:
        if (review := library.review(page)).is_reviewed:
            change(page, datetime.datetime.combine(review.on, datetime.time(), zone)).reviewers = review.reviewers
    order = {page.get_absolute_url(): place for place, page in enumerate(pages)}

    def place(one: Change) -> tuple:
        return -one.day.toordinal(), one.is_only_new, order[one.page.get_absolute_url()]

    return sorted(changes.values(), key=place)[:MOST]


def _versions():
    """Return what became public of late, each with the words that it replaced."""
    earlier = Version.objects.filter(
        kind=OuterRef("kind"), content_id=OuterRef("content_id"), published_at__lt=OuterRef("published_at")
    ).order_by("-published_at")
    kinds = [model.kind() for model in (*PAGES, *PIECES)]
    public = Version.objects.filter(published_at__isnull=False, kind__in=kinds).order_by("-published_at", "-pk")
    return public.annotate(before=Subquery(earlier.values("record")[:1]))[:MOST_VERSIONS]


def _shown_on(library: Library, pages: list[Page]) -> dict[tuple, list[tuple[Page, Content]]]:
    """Return the pages that show each piece of content, with the piece, by its kind and number."""
    shown = defaultdict(list)
    for page in pages:
        pieces = [one for one in library.pieces(page) if isinstance(one, PIECES)]
        for piece in (page, *pieces):
            shown[piece.kind(), piece.pk].append((page, piece))
    return shown


def _changed(version: Version) -> list[str]:
    """Return the names of the parts that say something else than before; a place in a list is none."""
    model, before = schema.KINDS[version.kind], version.before or {}
    names = {field.name: schema.label(field) for field in schema.fields(model) if field.name not in model.EDITORIAL}
    names |= {"body": "Main text"} if "body" in names else {}
    return [label for name, label in names.items() if (before.get(name) or "") != (version.record.get(name) or "")]
