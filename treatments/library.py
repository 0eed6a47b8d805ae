"""The library: everything patients can read, put together from the published versions.

A page asks the database one question, "has anything been published since?", and is otherwise made from
memory. The words in memory are immutable, so every page of one moment agrees with every other.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case, Count, Exists, JSONField, Max, OuterRef, Q, Sum, When
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from treatments import links, reviews, schema
from treatments.content_files import ContentError, read_folder
from treatments.detector import Detector
from treatments.glossary import Vocabulary
from treatments.models import (
    ClinicSettings,
    Content,
    FaqItem,
    FinderRule,
    GlossaryTerm,
    InfoPage,
    Page,
    Reference,
    SignOff,
    Signpost,
    Synonym,
    Treatment,
    Version,
    WarningSign,
    WordList,
)


class Published(NamedTuple):
    """One published record: what kind it is, its words, and which version of them, since when."""

    kind: str
    record: dict
    version: int = 1
    at: datetime.datetime | None = None
    content_id: int | None = None

    def day(self, zone: ZoneInfo) -> datetime.date | None:
        """The day of publishing in the clinic's time zone."""
        return self.at.astimezone(zone).date() if self.at else None


class Address(NamedTuple):
    """Where a page was found at some time: its own part of the address, and its family."""

    kind: str
    slug: str
    segment: str
    family: str


class Library:
    """Published content, each piece with `linked`: what it points to, found in this same library."""

    def __init__(self, records: Iterable[Published], addresses: Iterable[Address] = (), sign_offs: Iterable = ()):
        # Whatever shows or exports published words takes them from here, so notes for staff end here.
        self._records = tuple(one._replace(record=schema.public(one.record)) for one in records)
        self._addresses, self._sign_offs = tuple(addresses), tuple(sign_offs)
        self._by_slug: dict[type[Content], dict[str, Content]] = defaultdict(dict)
        rows = []
        for published in self._records:
            model = schema.KINDS[published.kind]
            instance = schema.from_record(model, published.record)
            instance.pk = published.content_id
            self._by_slug[model][instance.slug] = instance
            rows.append((instance, published))
        # A procedure waits for its family: without one it would pass for a family itself.
        treatments = self._by_slug[Treatment]
        for instance, published in rows:
            if (family := published.record.get("family")) and family not in treatments:
                del treatments[instance.slug]
        self.clinic: ClinicSettings = self._by_slug[ClinicSettings]["clinic"]
        zone = ZoneInfo(self.clinic.time_zone)
        signed = reviews.by_content(self._sign_offs, zone)
        for instance, published in rows:
            instance.linked = SimpleNamespace(
                procedures=[],
                missing=[],
                version=published.version,
                published_on=published.day(zone),
                review=reviews.of_record(published, signed, zone),
            )
            for field in schema.fields(type(instance)):
                if field.is_relation:
                    self._link(instance, field, published.record.get(field.name))
            if isinstance(instance, Treatment):
                instance.family = instance.linked.family

        self.families: list[Treatment] = sorted(
            (one for one in self._all(Treatment) if not one.linked.family), key=lambda one: (one.position, one.slug)
        )
        for procedure in sorted(self._all(Treatment), key=lambda one: (one.position, one.slug)):
            if family := procedure.linked.family:
                family.linked.procedures.append(procedure)
        # In ladder order: each family, then its procedures.
        self.treatments = [one for family in self.families for one in (family, *family.linked.procedures)]
        self.pages: list[InfoPage] = sorted(self._all(InfoPage), key=lambda one: (one.menu_position, one.slug))
        self.faqs: list[FaqItem] = sorted(self._all(FaqItem), key=lambda one: one.position)
        self.glossary: list[GlossaryTerm] = sorted(self._all(GlossaryTerm), key=lambda one: one.term.lower())
        self.synonyms: list[Synonym] = sorted(self._all(Synonym), key=lambda one: one.slug)
        self.signposts: list[Signpost] = sorted(self._all(Signpost), key=lambda one: one.slug)
        self.warning_signs: list[WarningSign] = sorted(self._all(WarningSign), key=lambda one: one.position)
        self.word_lists: list[WordList] = self._all(WordList)
        self.sources: list[Reference] = sorted(self._all(Reference), key=lambda one: one.slug)
        for treatment in self.treatments:
            treatment.linked.related = self._in_order(treatment.linked.related)
            treatment.linked.notices.sort(key=lambda notice: notice.position)
        self._find_usual_order()
        # A rule whose treatments have all gone from public has nothing to lead to, unlike one that names none.
        self.finder_rules: list[FinderRule] = sorted(
            (
                rule
                for rule, published in rows
                if isinstance(rule, FinderRule) and (rule.linked.treatments or not published.record["treatments"])
            ),
            key=lambda rule: (rule.question, rule.position),
        )
        for rule in self.finder_rules:
            rule.linked.treatments = self._in_order(rule.linked.treatments)

    def _in_order(self, treatments: Iterable[Treatment]) -> list[Treatment]:
        """Return treatments in the order of the ladder."""
        return [one for one in self.treatments if one in treatments]

    def _find_usual_order(self):
        """Let each treatment know what usually comes before it, and what may come later: what names it as tried before.

        A procedure that names nothing has what its family has tried before. An operation is nothing that comes by and
        by: it needs a clear problem that it can fix, so it is named by no other treatment.
        """
        for treatment in self.treatments:  # a family before its procedures
            linked, family = treatment.linked, treatment.linked.family
            linked.tried_before = self._in_order(linked.tried_before)
            later = [one for one in self.treatments if treatment in one.linked.tried_before]
            later = [one for one in later if one.reach < Treatment.Reach.OPERATION]
            linked.usually_before = linked.tried_before or (family.linked.usually_before if family else [])
            # A family speaks for its procedures.
            linked.later = [one for one in later if one.linked.family not in later]
            told_by = [*linked.later, *([family] if family and not linked.tried_before else [])]
            linked.is_order_signed = all(one.linked.review.is_reviewed for one in told_by)

    def _all(self, model):
        return list(self._by_slug[model].values())

    def _link(self, instance, field, value):
        """Let a record find what it names. What is not public is left out, and noted unless it is only a suggestion."""
        target = self._by_slug[field.related_model]
        named = value or [] if field.many_to_many else [value] if value else []
        found = [target[slug] for slug in named if slug in target]
        setattr(instance.linked, field.name, found if field.many_to_many else next(iter(found), None))
        if field.name not in instance.SUGGESTIONS:
            instance.linked.missing += [slug for slug in named if slug not in target]

    @property
    def everything(self) -> list[Content]:
        return [content for of_model in self._by_slug.values() for content in of_model.values()]

    def get(self, kind: str, slug: str) -> Content | None:
        """Return the content of a kind that has this address now."""
        return self._by_slug[schema.KINDS[kind]].get(slug)

    def records(self, model: type[Content]) -> list[dict]:
        """Return the published words of a model, in its own order."""
        records = [one.record for one in self._records if one.kind == model.kind()]
        names = [name for name in (*model._meta.ordering, "slug") if isinstance(name, str)]
        return sorted(records, key=lambda record: [record[name] for name in names])

    def treatment(self, slug: str) -> Treatment | None:
        return self._by_slug[Treatment].get(slug)

    def page(self, slug: str) -> InfoPage | None:
        return self._by_slug[InfoPage].get(slug)

    @property
    def no_treatment(self) -> InfoPage | None:
        """The page about having no further treatment for now, which is an option beside every treatment."""
        return self.page(InfoPage.NO_TREATMENT)

    @cached_property
    def _by_path(self) -> dict[str, Content]:
        return {page.get_absolute_url(): page for page in (*self.pages, *self.treatments)}

    def at(self, path: str) -> Page | None:
        """Return the page that has this web address now."""
        return self._by_path.get(path)

    @cached_property
    def former(self) -> dict[str, Page]:
        """The pages that have moved, by the web addresses that they had before or would have without a new one."""
        present = [
            Address(page.kind(), page.slug, page.slug, family.slug if (family := getattr(page, "family", None)) else "")
            for page in self._by_path.values()
        ]
        addresses = [*self._addresses, *present]
        families = {(one.slug, one.segment) for one in addresses if one.kind == Treatment.kind()}
        moved = {}
        for kind, slug, segment, family in addresses:
            page = self._by_slug[schema.KINDS[kind]].get(slug)
            for parent in {above for name, above in families if name == family} or {""}:
                moved[links.address(schema.KINDS[kind], segment, parent)] = page
        present = set(map(id, self._by_path.values()))  # a page that waits for its family is nowhere to be led to
        return {path: page for path, page in moved.items() if id(page) in present and path not in self._by_path}

    def pieces(self, content: Content) -> list[Content]:
        """Return what patients read on a page beside the page's own words, as far as a reviewer signs it."""
        pieces = [content.linked.picture] if getattr(content.linked, "picture", None) else []
        if isinstance(content, Treatment):
            shown = content.linked.procedures
            pictures = [one.linked.picture for one in shown if one.linked.picture]
            return [*pieces, *content.linked.notices, *shown, *pictures]
        parts = {
            "faq": self.faqs,
            "glossary": self.glossary,
            "urgent": self.warning_signs,
            "treatments": [*filter(None, [self.no_treatment]), *self.treatments],
        }
        return pieces + parts.get(content.slug, []) if isinstance(content, InfoPage) else pieces

    def review(self, content: Content) -> reviews.Review:
        """Return how far a page is reviewed: its own words, and those that it shares with other pages."""
        pieces = [content, *self.pieces(content)]
        if any(one.linked.missing for one in pieces):
            return reviews.Review(reviews.Status.NEVER)  # nobody has seen the page without that part
        return reviews.of_page([one.linked.review for one in pieces], self.today)

    @cached_property
    def detector(self) -> Detector:
        """What listens for the warning signs in what people type."""
        return Detector(self.signs_by_level, self.word_lists)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the glossary, to be found in texts."""
        return Vocabulary(self.glossary)

    def changed_on(self, content: Content) -> datetime.date | None:
        """Return the day since which a page stands as it is: its own words, and those that it shows of others."""
        days = [one.linked.published_on for one in (content, *self.pieces(content))]
        return max(filter(None, days), default=None)

    @property
    def today(self) -> datetime.date:
        """The day it is at the clinic."""
        return self.clinic.today

    def with_record(self, kind: str, content_id: int, record: dict, *, number: int = 0) -> Library:
        """Return this library as it would be with other words for one piece of content."""
        shown = Published(kind, record, number, timezone.now(), content_id)
        others = [one for one in self._records if (one.kind, one.content_id) != (kind, content_id)]
        return Library([*others, shown], self._addresses, self._sign_offs)

    @property
    def signs_by_level(self) -> list[WarningSign]:
        """The warning signs, the most urgent level first."""
        urgency = WarningSign.Level.values
        return sorted(self.warning_signs, key=lambda sign: urgency.index(sign.level))

    def linking_to(self, content: Content) -> list[Content]:
        """Return what links to a page in its words; such links lead nowhere when the page is taken down."""
        address = content.get_absolute_url()
        return [one for one in self.everything if any(link.partition("#")[0] == address for link in schema.links(one))]

    def neighbours(self, treatment: Treatment) -> tuple[Treatment | None, Treatment | None]:
        """The next gentler and the next more involved step: among the families, or inside one family."""
        family = treatment.linked.family
        ladder = family.linked.procedures if family else self.families
        index = ladder.index(treatment)
        return (ladder[index - 1] if index else None), (ladder[index + 1] if index + 1 < len(ladder) else None)

    @property
    def pages_in_order(self) -> list[InfoPage]:
        """All pages as a reader meets them: home, the main menu, the footer, and what is in no menu."""
        menus = InfoPage.Menu.values
        return sorted(self.pages, key=lambda page: (page.slug != "home", menus.index(page.menu)))

    @property
    def main_menu(self) -> list[InfoPage]:
        return [page for page in self.pages if page.menu == InfoPage.Menu.MAIN]

    @property
    def footer_menu(self) -> list[InfoPage]:
        return [page for page in self.pages if page.menu == InfoPage.Menu.FOOTER]


_last: tuple[tuple, Library] | None = None


def published() -> Library:
    """Return the library as published now. Costs one query, and two more after something was published or signed.

    Raises NothingPublishedError before the first import, and Django's database errors when Postgres is away.
    """
    return published_and_due()[0]


def published_and_due() -> tuple[Library, int]:
    """Return the library as published now, and how much its schedule has left undone."""
    global _last
    *state, due = _state()
    if _last is None or _last[0] != state:
        _last = (state, _read())
    return _last[1], due


def _state() -> list[int]:
    """Return numbers that change with every publication and signature, and how much is due by its schedule."""
    public = Q(state=Version.State.PUBLISHED)
    current = Version.objects.filter(state__in=(Version.State.PUBLISHED, Version.State.SCHEDULED))
    # The sum grows with every replacement, also when transactions commit in another order than they began.
    numbers = current.aggregate(
        last=Max("id", filter=public),
        count=Count("id", filter=public),
        sum=Sum("id", filter=public),
        signed=Count("sign_offs"),
        due=Count("id", filter=Version.objects.is_due(timezone.now()), distinct=True),
    )
    return list(numbers.values())


def _read() -> Library:
    # Of what was public once the address is wanted, which leads on to the present one, and, where a reviewer has
    # signed, the words: a signature under words that never became public was no review of what patients read.
    seen = Version.objects.filter(published_at__isnull=False).order_by("published_at", "pk")
    signed = SignOff.objects.filter(version__kind=OuterRef("kind"), version__content_id=OuterRef("content_id"))
    record = Case(When(Q(state=Version.State.PUBLISHED) | Exists(signed), then="record"), output_field=JSONField())
    records, addresses, public = [], {}, set()
    names = [KeyTextTransform(name, "record") for name in ("slug", "address", "family")]
    columns = ("kind", "content_id", "state", *names, record, "number", "published_at")
    for kind, content_id, state, slug, address, family, words, number, at in seen.values_list(*columns):
        addresses[Address(kind, slug, address or slug, family or "")] = None
        if words:
            public.add((kind, content_id, schema.clinical_fingerprint(kind, words)))
        if state == Version.State.PUBLISHED:
            records.append(Published(kind, words, number, at, content_id))
    if not any(one.kind == ClinicSettings.kind() for one in records):
        raise NothingPublishedError("Nothing is published yet. Run 'make content' (manage.py import_content).")
    sign_offs = list(
        SignOff.objects.select_related("version").defer("version__record", "version__search", "version__search_names")
    )
    for one in sign_offs:
        one.was_public = (one.version.kind, one.version.content_id, one.fingerprint) in public
    return Library(records, addresses, sign_offs)


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
    return Library(
        Published(record.model.kind(), record.values, content_id=number) for number, record in enumerate(records)
    )
