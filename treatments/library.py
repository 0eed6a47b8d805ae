"""The library: everything patients can read, put together from the published versions.

A page asks the database one question, "has anything been published since?", and is otherwise made from
memory. The words in memory are immutable, so every page of one moment agrees with every other.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, Sum

from treatments import schema
from treatments.content_files import ContentError, read_folder
from treatments.models import (
    ClinicSettings,
    Content,
    FaqItem,
    GlossaryTerm,
    InfoPage,
    Reference,
    Treatment,
    Version,
    WarningSign,
)


class Published(NamedTuple):
    """One published record: what kind it is, its words, and which version of them, since when."""

    kind: str
    record: dict
    version: int = 1
    at: datetime.datetime | None = None


class Library:
    """Published content, each piece with `linked`: what it points to, found in this same library."""

    def __init__(self, records: Iterable[Published]):
        self._by_slug: dict[type[Content], dict[str, Content]] = defaultdict(dict)
        rows = []
        for published in records:
            model = schema.KINDS[published.kind]
            instance = schema.from_record(model, published.record)
            self._by_slug[model][instance.slug] = instance
            rows.append((instance, published))
        # A procedure waits for its family: without one it would pass for a family itself.
        treatments = self._by_slug[Treatment]
        for instance, published in rows:
            if (family := published.record.get("family")) and family not in treatments:
                del treatments[instance.slug]
        self.clinic: ClinicSettings = self._by_slug[ClinicSettings]["clinic"]
        zone = ZoneInfo(self.clinic.time_zone)
        for instance, published in rows:
            instance.linked = SimpleNamespace(procedures=[], version=published.version)
            instance.linked.published_on = published.at.astimezone(zone).date() if published.at else None
            record = published.record
            for field in schema.fields(type(instance)):
                if field.is_relation:
                    setattr(instance.linked, field.name, self._resolve(field, record.get(field.name)))
            if isinstance(instance, Treatment):
                instance.family = instance.linked.family

        self.families: list[Treatment] = sorted(
            (one for one in self._all(Treatment) if not one.linked.family), key=lambda one: one.position
        )
        for procedure in sorted(self._all(Treatment), key=lambda one: one.position):
            if family := procedure.linked.family:
                family.linked.procedures.append(procedure)
        # In ladder order: each family, then its procedures.
        self.treatments = [one for family in self.families for one in (family, *family.linked.procedures)]
        self.pages: list[InfoPage] = sorted(self._all(InfoPage), key=lambda one: (one.menu_position, one.slug))
        self.faqs: list[FaqItem] = sorted(self._all(FaqItem), key=lambda one: one.position)
        self.glossary: list[GlossaryTerm] = sorted(self._all(GlossaryTerm), key=lambda one: one.term.lower())
        self.warning_signs: list[WarningSign] = sorted(self._all(WarningSign), key=lambda one: one.position)
        self.sources: list[Reference] = sorted(self._all(Reference), key=lambda one: one.slug)
        for treatment in self.treatments:
            treatment.linked.related = [one for one in self.treatments if one in treatment.linked.related]
            treatment.linked.notices.sort(key=lambda notice: notice.position)

    def _all(self, model):
        return list(self._by_slug[model].values())

    def _resolve(self, field, value):
        target = self._by_slug[field.related_model]
        if not field.many_to_many:
            return target.get(value)
        return [target[slug] for slug in value or [] if slug in target]

    def treatment(self, slug: str) -> Treatment | None:
        return self._by_slug[Treatment].get(slug)

    def page(self, slug: str) -> InfoPage | None:
        return self._by_slug[InfoPage].get(slug)

    @property
    def signs_by_level(self) -> list[WarningSign]:
        """The warning signs, the most urgent level first."""
        urgency = WarningSign.Level.values
        return sorted(self.warning_signs, key=lambda sign: urgency.index(sign.level))

    def neighbours(self, treatment: Treatment) -> tuple[Treatment | None, Treatment | None]:
        """The next gentler and the next more involved step: among the families, or inside one family."""
        family = treatment.linked.family
        ladder = family.linked.procedures if family else self.families
        index = ladder.index(treatment)
        return (ladder[index - 1] if index else None), (ladder[index + 1] if index + 1 < len(ladder) else None)

    def acting_on(self, place: str) -> list[Treatment]:
        """The procedures that act on a place in the body, gentlest first."""
        return [one for one in self.treatments if place in one.acts_on and not one.linked.procedures]

    @property
    def main_menu(self) -> list[InfoPage]:
        return [page for page in self.pages if page.menu == InfoPage.Menu.MAIN]

    @property
    def footer_menu(self) -> list[InfoPage]:
        return [page for page in self.pages if page.menu == InfoPage.Menu.FOOTER]


_last: tuple[tuple, Library] | None = None


def published() -> Library:
    """Return the library as published now. Costs one query, and one more after something was published.

    Raises NothingPublishedError before the first import, and Django's database errors when Postgres is away.
    """
    global _last
    current = Version.objects.filter(state=Version.State.PUBLISHED)
    # The sum grows with every replacement, also when transactions commit in another order than they began.
    state = tuple(current.aggregate(last=Max("id"), count=Count("id"), sum=Sum("id")).values())
    if _last is None or _last[0] != state:
        rows = [Published(*row) for row in current.values_list("kind", "record", "number", "published_at")]
        if not any(row.kind == ClinicSettings._meta.model_name for row in rows):
            raise NothingPublishedError("Nothing is published yet. Run 'make content' (manage.py import_content).")
        _last = (state, Library(rows))
    return _last[1]


class NothingPublishedError(Exception):
    """The database holds no published content yet."""


def last_known() -> Library:
    """Return the newest library that can be had without the database: the last one read, else the content files.

    For error pages and for a form that is answered while Postgres is away.
    """
    return _last[1] if _last else from_files(settings.CONTENT_DIR)


def from_files(folder: Path) -> Library:
    """Return the library that the content files describe. Raises ContentError when they have mistakes."""
    records, problems = read_folder(folder)
    if problems:
        raise ContentError(problems)
    return Library(Published(record.model._meta.model_name, record.values) for record in records)
