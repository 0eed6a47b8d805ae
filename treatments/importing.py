"""From content files to working copies and published versions, and back."""

import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import IntegrityError, connection, models, transaction
from django.urls import Resolver404, resolve

from treatments import prose, schema
from treatments.content_files import IMAGES, ContentError, FileRecord, Problem, read_folder, write_folder
from treatments.models import CONTENT_MODELS, Content, GlossaryTerm, InfoPage, Picture, Treatment
from treatments.publishing import publish

GLOSSARY = "/glossary/"
REASON = "Imported from the content files"


@dataclasses.dataclass
class Counts:
    """What an import did, in records."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: list[str] = dataclasses.field(default_factory=list)
    """Those left alone because staff have edited them since the last import."""
    gone: list[str] = dataclasses.field(default_factory=list)
    """Those that came from the files once, are there no more, and are still on the site."""

    def __str__(self):
        text = f"{self.created} created, {self.updated} updated, {self.unchanged} unchanged"
        if self.kept:
            text += f", {len(self.kept)} edited by staff and left alone ({', '.join(self.kept)})"
        if self.gone:
            text += f", {len(self.gone)} still on the site but no longer in the files ({', '.join(self.gone)})"
        return text


def read_valid(folder: Path) -> list[FileRecord]:
    """Return the records of all content files.

    Raises ContentError with every mistake of every file when there is one.
    """
    records, problems = read_folder(folder)
    broken = {(problem.file, problem.line) for problem in problems}
    problems += _duplicates(records)
    problems += _dangling(records)
    problems += _families(records)
    problems += _dead_links(records)
    for record in records:
        # A value that could not be read has been told already; checking the model would only say so twice.
        if not any(file == record.file and record.line <= line for file, line in broken):
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
                key = (record.model, constraint.name, *(record.values.get(name) for name in constraint.fields))
                first = seen.setdefault(key, record)
                if first is not record:
                    message = f"{constraint.violation_error_message} The other is {first.values['slug']}."
                    yield record.problem(constraint.fields[-1], message)


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
    # Written out rather than asked of the URL patterns, which refuse the odd addresses that are told elsewhere.
    pages = {"/"}
    for record in records:
        slug = record.values["slug"]
        if record.model is InfoPage:
            pages.add(f"/{slug}/")
        elif record.model is Treatment:
            family = record.values.get("family")
            pages.add(f"/treatments/{family}/{slug}/" if family else f"/treatments/{slug}/")
        elif record.model is GlossaryTerm:
            pages.add(f"{GLOSSARY}#{slug}")
    for record in records:
        for name, value in record.values.items():
            for text in value if isinstance(value, list) else [value]:
                for address in prose.links(text) if isinstance(text, str) else ():
                    if not _is_live(address, pages):
                        message = f"the link to “{address}” leads nowhere. Use the address of a page of the site."
                        yield record.problem(name, message)


def _is_live(address: str, pages: set[str]) -> bool:
    if not address.startswith("/"):
        return True  # to another place; which kinds are allowed is a rule of the field
    address = re.sub(r"\?[^#]*", "", address)
    if address in pages or address.partition("#")[0] in pages:
        return "#" not in address or not address.startswith(GLOSSARY) or address in pages
    try:
        # A page that is not content, such as the request form.
        return not resolve(address).captured_kwargs
    except Resolver404:
        return False


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

    What is no longer in the files is named in the counts and stays: taking a page down is staff's decision.
    Content that staff have edited since the last import is left alone unless `overwrite` is true.
    Raises ContentError, and changes nothing, when any file has a mistake.
    """
    records = read_valid(folder)
    counts = Counts()
    with transaction.atomic():
        changed = []
        for model in CONTENT_MODELS:
            of_model = [record for record in records if record.model is model]
            # Families before their procedures: a row must exist before another can point to it.
            for record in sorted(of_model, key=lambda record: bool(record.values.get("family"))):
                instance = _store(record, overwrite, counts)
                changed += [(record, instance)] if instance else []
            in_files = [record.values["slug"] for record in of_model]
            gone = model.objects.exclude(slug__in=in_files).exclude(imported_fingerprint="")
            counts.gone += [f"{model._meta.verbose_name} {slug}" for slug in gone.values_list("slug", flat=True)]
        for record, instance in changed:
            for field in record.model._meta.many_to_many:
                targets = field.related_model.objects.filter(slug__in=record.values[field.name])
                getattr(instance, field.name).set(targets)
        _check_deferred_rules(records)
        for _, instance in changed:
            publish(instance, reason=REASON)
        # Last, because files do not roll back.
        for picture in Picture.objects.exclude(image=""):
            _copy_image(picture, folder)
    return counts


def _store(record: FileRecord, overwrite: bool, counts: Counts) -> Content | None:
    """Create or update the row of a record, and return it when its words changed."""
    existing = record.model.objects.filter(slug=record.values["slug"]).first()
    wanted = schema.fingerprint(record.values)
    if existing:
        present = schema.fingerprint(schema.to_record(existing))
        if present == wanted:
            counts.unchanged += 1
            if existing.imported_fingerprint != wanted:
                # Staff's words have come back through the files: from now on they are the imported words.
                record.model.objects.filter(pk=existing.pk).update(imported_fingerprint=wanted)
            return None
        if present != existing.imported_fingerprint and not overwrite:
            counts.kept.append(f"{record.model._meta.verbose_name} {existing.slug}")
            return None
    instance = schema.from_record(record.model, record.values)
    instance.pk = existing.pk if existing else None
    instance.imported_fingerprint = wanted
    for field in schema.fields(record.model):
        if field.many_to_one and record.values[field.name]:
            setattr(instance, field.name, field.related_model.objects.get(slug=record.values[field.name]))
    instance.full_clean(validate_unique=False, validate_constraints=False)
    instance.save()
    counts.updated += bool(existing)
    counts.created += not existing
    return instance


def _copy_image(picture: Picture, folder: Path) -> None:
    """Bring the file of an imported picture to where uploads are, unless it is there already."""
    source = folder / IMAGES / picture.file_name
    storage, name = picture.image.storage, picture.image.name
    if not source.is_file() or schema.fingerprint(schema.to_record(picture)) != picture.imported_fingerprint:
        return  # uploaded or edited by staff
    if storage.exists(name):
        with storage.open(name) as present:
            if present.read() == source.read_bytes():
                return
        storage.delete(name)
    with source.open("rb") as file:
        storage.save(name, File(file))


def _check_deferred_rules(records: list[FileRecord]) -> None:
    """Ask Postgres for the rules it would otherwise check only at commit, while they can still be explained."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except IntegrityError as error:
        rules = {rule.name: (model, rule) for model in CONTENT_MODELS for rule in model._meta.constraints}
        if (name := error.__cause__.diag.constraint_name) not in rules:
            raise
        model, rule = rules[name]
        place = next(record for record in records if record.model is model)
        message = f"{rule.violation_error_message} Staff have edited one of them in the admin."
        raise ContentError([Problem(place.file, place.line, "Position", message)]) from error


def export_content(folder: Path) -> list[Path]:
    """Write the working copies into content files and return the files whose text changed."""
    records = {model: [schema.to_record(instance) for instance in model.objects.all()] for model in CONTENT_MODELS}
    changed = write_folder(folder, records)
    for picture in Picture.objects.exclude(image=""):
        target = folder / IMAGES / picture.image.name.rpartition("/")[2]
        target.parent.mkdir(exist_ok=True)
        with picture.image.open("rb") as file:
            target.write_bytes(file.read())
    return changed
