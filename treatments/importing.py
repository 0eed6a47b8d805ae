"""From content files to working copies and published versions, and back."""

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from treatments import checks, images, library, links, schema
from treatments.content_files import IMAGES, PLACES, ContentError, FileRecord, Problem, read_folder, write_folder
from treatments.models import CONTENT_MODELS, Content, InfoPage, Picture, Treatment
from treatments.publishing import (
    BlockedError,
    RefusedError,
    checks_of,
    keep,
    keep_aside,
    publish,
    publish_new,
    published_version,
    was_deleted,
)

REASON = "Imported from the content files"


@dataclasses.dataclass
class Counts:
    """What an import did, in records."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: list[str] = dataclasses.field(default_factory=list)
    """Those left alone because staff have edited or deleted them since the last import."""
    held: list[str] = dataclasses.field(default_factory=list)
    """Those whose new words are a draft, because something on the checklist blocks publishing them."""
    drafts: int = 0
    """How many of these have new words in the files, which staff now find among the drafts of the page."""
    gone: list[str] = dataclasses.field(default_factory=list)
    """Those that came from the files once, are there no more, and are still on the site."""

    def __str__(self):
        text = f"{self.created} created, {self.updated} updated, {self.unchanged} unchanged"
        if self.kept:
            text += f", {len(self.kept)} edited by staff and left alone ({', '.join(self.kept)})"
        if self.drafts:
            text += f", {self.drafts} of them with new words in the files, kept as drafts"
        if self.held:
            text += f", {len(self.held)} not published because of the checklist ({', '.join(self.held)})"
        if self.gone:
            text += f", {len(self.gone)} still on the site but no longer in the files ({', '.join(self.gone)})"
        return text


class Prints(NamedTuple):
    """The fingerprints of a working copy: of its words now, and as they were last imported."""

    present: str
    imported: str


Standing = dict[type[Content], dict[str, Prints]]
"""Those of every working copy, by model and address."""


def read_valid(folder: Path, standing: Standing | None = None) -> list[FileRecord]:
    """Return the records of all content files.

    Words that stand in the database as they are in the files kept the rules of their model when they were saved, so
    with `standing` only the others are checked. Raises ContentError with every mistake of every file when there is one.
    """
    records, problems = read_folder(folder)
    broken = {(problem.file, problem.line) for problem in problems}
    problems += _duplicates(records)
    problems += _dangling(records)
    problems += _families(records)
    problems += _dead_links(records)
    for record in records:
        # A value that could not be read has been told already; checking the model would only say so twice.
        if any(file == record.file and record.line <= line for file, line in broken):
            continue
        prints = standing and standing[record.model].get(record.values["slug"])
        if not prints or prints.present != schema.fingerprint(record.values):
            problems += _model_problems(record)
    if problems:
        raise ContentError(problems)
    return records


def _duplicates(records: list[FileRecord]) -> Iterable[Problem]:
    seen: dict = {}
    for record in records:
        first = seen.setdefault((record.model, record.values["slug"]), record)
        if first is not record:
            message = f"“{record.values['slug']}” is taken by line {first.line} of {first.file}. Choose another."
            yield record.problem("slug", message)
        for constraint in record.model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint):
                # The one rule without fields is that of web addresses.
                values = [record.values.get(name) for name in constraint.fields] or [
                    record.values.get("address") or record.values["slug"]
                ]
                key = (record.model, constraint.name, *values)
                first = seen.setdefault(key, record)
                if first is not record:
                    message = f"{constraint.violation_error_message} The other is {first.values['slug']}."
                    yield record.problem(constraint.fields[-1] if constraint.fields else "address", message)


def _dangling(records: list[FileRecord]) -> Iterable[Problem]:
    known = {model: {one.values["slug"] for one in records if one.model is model} for model in CONTENT_MODELS}
    for record in records:
        for field in schema.fields(record.model):
            if not field.is_relation:
                continue
            value = record.values.get(field.name) or []
            for slug in [value] if isinstance(value, str) else value:
                if slug not in known[field.related_model]:
                    what = field.related_model._meta.verbose_name
                    yield record.problem(field.name, f"there is no {what} “{slug}”. Correct the address, or add it.")


def _families(records: list[FileRecord]) -> Iterable[Problem]:
    families = {one.values["slug"] for one in records if one.model is Treatment and not one.values.get("family")}
    for record in records:
        family = record.values.get("family")
        if family and family not in families:
            yield record.problem("family", f"“{family}” is not a family. There are only families and their procedures.")


def _dead_links(records: list[FileRecord]) -> Iterable[Problem]:
    segments = {
        one.values["slug"]: one.values.get("address") or one.values["slug"] for one in records if one.model is Treatment
    }
    pages = links.addresses((one.model, one.values["slug"], one.values.get("family")) for one in records)
    # A page that has moved is found under its new address as well.
    pages |= links.addresses(
        (one.model, one.values.get("address") or one.values["slug"], segments.get(one.values.get("family")))
        for one in records
    )
    for record in records:
        for field in schema.fields(record.model):
            for address in schema.links_of(field, record.values.get(field.name)):
                if not links.is_live(address, pages):
                    message = f"the link to “{address}” leads nowhere. Use the address of a page of the site."
                    yield record.problem(field.name, message)


def _model_problems(record: FileRecord) -> Iterable[Problem]:
    instance = schema.from_record(record.model, record.values)
    relations = {field.name for field in schema.fields(record.model) if field.is_relation}
    try:
        instance.full_clean(exclude=relations, validate_unique=False, validate_constraints=False)
        for constraint in record.model._meta.constraints:
            if isinstance(constraint, models.CheckConstraint):
                constraint.validate(record.model, instance)
    except ValidationError as error:
        messages = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
        for name, texts in messages.items():
            for text in texts:
                yield record.problem(name, text)


def import_content(folder: Path, *, overwrite: bool = False) -> Counts:
    """Create and update what the content files say, and publish what changed. Safe to repeat.

    What is no longer in the files is named in the counts and stays: taking a page down is staff's decision, and so
    is bringing back one that they took down or deleted. Content that staff have edited since the last import is left
    alone unless `overwrite` is true; new words of the files are then kept as a draft that staff can compare.
    Raises ContentError, and changes nothing, when any file has a mistake.
    """
    standing = {
        model: {
            one.slug: Prints(schema.fingerprint(schema.to_record(one)), one.imported_fingerprint)
            for one in schema.with_relations(model.objects)
        }
        for model in CONTENT_MODELS
    }
    records = read_valid(folder, standing)
    counts = Counts()
    with transaction.atomic():
        changed = []
        with _rules_explained(records):
            for model in CONTENT_MODELS:
                of_model = [record for record in records if record.model is model]
                # Families before their procedures: a row must exist before another can point to it.
                for record in sorted(of_model, key=lambda record: bool(record.values.get("family"))):
                    instance = _store(record, standing, overwrite, counts)
                    changed += [(record, instance)] if instance else []
                in_files = [record.values["slug"] for record in of_model]
                gone = model.objects.exclude(slug__in=in_files).exclude(imported_fingerprint="")
                counts.gone += [f"{model._meta.verbose_name} {slug}" for slug in gone.values_list("slug", flat=True)]
            for record, instance in changed:
                for field in record.model._meta.many_to_many:
                    if (slugs := record.values[field.name]) or instance.saved_version:
                        getattr(instance, field.name).set(field.related_model.objects.filter(slug__in=slugs))
        updated = [instance for _, instance in changed if instance.saved_version]
        publish_new([instance for _, instance in changed if not instance.saved_version], reason=REASON)
        for instance in updated:
            # Staff may have taken the page down, or not have published it yet; and what is public already is
            # replaced only by words that may be published.
            version = keep(instance, reason=REASON)
            if not published_version(instance):
                continue
            try:
                if failing := checks.blocking(checks_of(version)):
                    raise BlockedError(failing)
                publish(instance, reason=REASON)
            except RefusedError:
                counts.held.append(f"{instance._meta.verbose_name} {instance.slug}")
        # Last, because files do not roll back.
        for record in records:
            if record.image and not images.path(record.values["image"]).exists():
                with record.image.open("rb") as file:
                    images.store(*images.master_of(file, record.image.name))
        images.complete_all()
    return counts


def _store(record: FileRecord, standing: Standing, overwrite: bool, counts: Counts) -> Content | None:
    """Create or update the row of a record, and return it when its words changed."""
    wanted = schema.fingerprint(record.values)
    prints = standing[record.model].get(record.values["slug"])
    if prints and prints.present == wanted:
        counts.unchanged += 1
        if prints.imported != wanted:
            # Staff's words have come back through the files: from now on they are the imported words.
            record.model.objects.filter(slug=record.values["slug"]).update(imported_fingerprint=wanted)
        return None
    existing = record.model.objects.filter(slug=record.values["slug"]).first()
    if not existing and was_deleted(record.model, record.values["slug"]):
        counts.kept.append(f"{record.model._meta.verbose_name} {record.values['slug']}")
        return None
    if existing:
        present = schema.fingerprint(schema.to_record(existing))
        keep(existing)
        if present != existing.imported_fingerprint and not overwrite:
            counts.kept.append(f"{record.model._meta.verbose_name} {existing.slug}")
            counts.drafts += keep_aside(existing, record.values, reason=f"New words. {REASON}")
            return None
    instance = schema.from_record(record.model, record.values)
    if existing:
        instance.pk, instance.saved_version = existing.pk, existing.saved_version
    instance.imported_fingerprint = wanted
    for field in schema.fields(record.model):
        if field.many_to_one and record.values[field.name]:
            target = field.related_model.objects.filter(slug=record.values[field.name]).first()
            setattr(instance, field.name, target)
    instance.full_clean(validate_unique=False, validate_constraints=False)
    instance.save()
    counts.updated += bool(existing)
    counts.created += not existing
    return instance


@contextlib.contextmanager
def _rules_explained(records: list[FileRecord]) -> Iterator[None]:
    """Tell a rule of the database that an import breaks as a mistake in the files, also one checked only at commit."""
    try:
        with transaction.atomic():
            yield
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except IntegrityError as error:
        rules = {rule.name: (model, rule) for model in CONTENT_MODELS for rule in model._meta.constraints}
        if (name := error.__cause__.diag.constraint_name) not in rules:
            raise
        model, rule = rules[name]
        place = next(record for record in records if record.model is model)
        field = schema.label(model._meta.get_field(rule.fields[-1] if rule.fields else "address"))
        message = f"{rule.violation_error_message} Staff have edited one of them in the admin."
        raise ContentError([Problem(place.file, place.line, field, message)]) from error


def export_content(folder: Path, *, published: bool = False) -> list[Path]:
    """Write the working copies, or what patients read, into content files and return the files that changed.

    The file of a page that was deleted is removed; files that were never imported stay.
    """
    words = library.published()
    records = {
        model: words.records(model) if published else [schema.to_record(one) for one in model.objects.all()]
        for model in CONTENT_MODELS
    }
    changed = write_folder(folder, records)
    for model in (InfoPage, Treatment):
        written = {record["slug"] for record in records[model]}
        for file in (folder / PLACES[model]).glob("*.md"):
            if file.stem not in written and was_deleted(model, file.stem):
                file.unlink()
                changed.append(file)
    for name in filter(None, (record.get("image") for record in records[Picture])):
        target, master = folder / IMAGES / name, images.path(name).read_bytes()
        if not target.exists() or target.read_bytes() != master:
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(master)
            changed.append(target)
    return changed
