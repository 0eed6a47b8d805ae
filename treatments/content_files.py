"""The text format of content/: reading it with line numbers, and writing it.

`content/README.md` explains the format to those who write it. Nothing here touches the database.
"""

import dataclasses
import datetime
import difflib
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import models

from treatments import images, schema
from treatments.models import (
    ClinicSettings,
    Content,
    FaqItem,
    FinderRule,
    GlossaryTerm,
    InfoPage,
    Picture,
    Reference,
    SafetyNotice,
    Signpost,
    Synonym,
    Treatment,
    WarningSign,
    WordList,
)
from treatments.models.fields import ItemsField

ADDRESS = "Address"
SEPARATOR = "---"
IMAGES = "images"

# Where each model's records are: a folder with a file each, or one file for all.
PLACES: dict[type[Content], str] = {
    ClinicSettings: "clinic.md",
    Reference: "sources.md",
    Picture: "pictures.md",
    SafetyNotice: "safety-notices.md",
    WordList: "word-lists.md",
    WarningSign: "warning-signs.md",
    GlossaryTerm: "glossary.md",
    Synonym: "synonyms.md",
    Signpost: "signposts.md",
    FaqItem: "faq.md",
    InfoPage: "pages/",
    Treatment: "treatments/",
    FinderRule: "finder.md",
}


@dataclasses.dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a content file, told so that the writer can mend it."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


class ContentError(Exception):
    """The content files have mistakes; nothing was imported."""

    def __init__(self, problems: list[Problem]):
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


@dataclasses.dataclass
class FileRecord:
    """A record as it stands in a file, with the line of each value for later messages."""

    model: type[Content]
    file: str
    line: int
    values: dict
    lines: dict[str, int]
    image: Path | None = None
    """The file of the photograph, which the values name as it is kept on the site."""

    def problem(self, field_name: str, message: str) -> Problem:
        field = None if field_name in ("slug", "__all__") else self.model._meta.get_field(field_name)
        name = schema.label(field) if field else ADDRESS if field_name == "slug" else "The record"
        return Problem(self.file, self.lines.get(field_name, self.line), name, message)


# -- Reading ---------------------------------------------------------------------------------------


def read_folder(folder: Path) -> tuple[list[FileRecord], list[Problem]]:
    """Read every content file. Returns the records that could be read, and all mistakes."""
    records: list[FileRecord] = []
    problems: list[Problem] = []
    for model, place in PLACES.items():
        path = folder / place
        files = sorted(one for one in path.glob("*.md") if one.is_file()) if place.endswith("/") else [path]
        if not path.exists() or not files:
            problems.append(Problem(place, 1, "The file", "is missing. Restore it, or run export_content."))
            continue
        for file in files:
            read, wrong = _read_file(model, file, str(file.relative_to(folder)), folder)
            records += read
            problems += wrong
    return records, problems


def _read_file(model, file: Path, name: str, folder: Path) -> tuple[list[FileRecord], list[Problem]]:
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        return [], [Problem(name, line, "The file", "is not UTF-8 text. Save it as UTF-8.")]
    if "\0" in text:
        line = text.partition("\0")[0].count("\n") + 1
        return [], [Problem(name, line, "The line", "holds a character that is no text. Type the line anew.")]
    problems: list[Problem] = []
    records = []
    for start, lines in _split_records(text.replace("\r\n", "\n").split("\n")):
        record = FileRecord(model, name, start, {}, {})
        raw = _read_labels(lines, record, problems)
        if PLACES[model].endswith("/"):
            record.values["slug"] = file.stem
        elif ADDRESS in raw:
            record.values["slug"], record.lines["slug"] = raw.pop(ADDRESS)
        else:
            problems.append(Problem(name, start, ADDRESS, "is missing. Start the record with 'Address: some-name'."))
            continue
        _convert(raw, record, problems, folder)
        records.append(record)
    if not records and not problems:
        problems.append(Problem(name, 1, "The file", "is empty. Restore it, or run export_content."))
    return records, problems


def _split_records(lines: list[str]) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """Yield each record's first line number and its numbered lines."""
    current: list[tuple[int, str]] = []
    for number, line in [*enumerate(lines, start=1), (len(lines) + 1, SEPARATOR)]:
        if line.rstrip() != SEPARATOR:
            current.append((number, line.rstrip()))
        elif any(text for _, text in current):
            yield next(number for number, text in current if text), current
            current = []


def _read_labels(lines, record: FileRecord, problems: list[Problem]) -> dict[str, tuple[str, int]]:
    """Return {label: (value, line)} of a record: first the facts, then the texts."""
    raw: dict[str, tuple[str, int]] = {}
    heading = None

    def put(label, value, number):
        if label in raw:
            problems.append(Problem(record.file, number, label, "stands here a second time. Remove one of the two."))
        raw[label] = (value, number)

    for number, line in lines:
        if line.startswith("# "):
            heading = line[2:].strip()
            put(heading, "", number)
        elif heading:
            value, start = raw[heading]
            raw[heading] = (f"{value}\n{line}", start)
        elif line:
            label, colon, value = line.partition(":")
            if not colon or not value.strip():
                message = f"“{line[:50]}” is not a fact. Write 'Name: value', or start a text with '# Name'."
                problems.append(Problem(record.file, number, "The line", message))
            else:
                put(label.strip(), value.strip(), number)
    return raw


def _convert(raw, record: FileRecord, problems: list[Problem], folder: Path) -> None:
    by_label = {schema.label(field): field for field in schema.fields(record.model)}
    for label, (_, line) in raw.items():
        if label not in by_label:
            close = difflib.get_close_matches(label, by_label, n=1)
            hint = f"Did you mean “{close[0]}”?" if close else f"Choose one of: {', '.join(by_label)}."
            problems.append(Problem(record.file, line, label, f"is not a known name here. {hint}"))
    for label, field in by_label.items():
        text, line = raw.get(label, ("", record.line))
        record.lines[field.name] = line
        try:
            record.values[field.name] = _value(field, text.strip("\n"), folder)
            if isinstance(field, models.FileField) and text:
                record.image = folder / IMAGES / text
        except ValueError as error:
            problems.append(Problem(record.file, line, label, str(error)))
            continue
        if schema.is_required(field) and record.values[field.name] in ("", None, []):
            what = f"a text '# {label}'" if schema.is_text(field) else f"a line '{label}: …'"
            problems.append(Problem(record.file, line, label, f"is missing. Add {what}."))


def _value(field: models.Field, text: str, folder: Path):
    """Turn the text of a field into its plain value. Raises ValueError with what to do."""
    if field.many_to_many:
        return sorted(set(_commas(text)))
    if isinstance(field, ItemsField):
        if field.item_choices:
            return [_chosen(item, dict(field.item_choices)) for item in _commas(text)]
        return _items(text)
    if field.many_to_one:
        return text
    if isinstance(field, models.BooleanField):
        return _yes_or_no(text, field)
    if isinstance(field, models.FileField):
        return _image(text, folder) if text else ""
    if isinstance(field, models.DateField):
        try:
            return datetime.date.fromisoformat(text).isoformat() if text else None
        except ValueError:
            raise ValueError(f"“{text}” is not a date. Write it like 2026-11-24.") from None
    if isinstance(field, models.IntegerField):
        if not text:
            return None
        if not text.isdecimal():
            raise ValueError(f"“{text}” is not a whole number. Write, for example, 3.")
        return int(_chosen(text, {str(key): None for key, _ in field.choices})) if field.choices else int(text)
    if field.choices and text:
        return _chosen(text, dict(field.flatchoices))
    return field.to_python(text)


def _image(name: str, folder: Path) -> str:
    file = folder / IMAGES / name
    if "/" in name or not file.is_file():
        raise ValueError(f"{IMAGES}/{name} does not exist. Put the file there, or correct its name.")
    try:
        with file.open("rb") as content:
            return _master_name(file, hashlib.file_digest(content, "sha256").digest())
    except ValidationError as error:
        raise ValueError(f"{IMAGES}/{name} cannot be used. {error.message}") from None


@functools.lru_cache
def _master_name(file: Path, digest: bytes) -> str:
    """Return the name by which the site will know a photograph. The digest makes a changed file another question."""
    with file.open("rb") as content:
        return images.master_of(content, file.name)[0]


def _commas(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _chosen(text: str, allowed: dict) -> str:
    if text not in allowed:
        raise ValueError(f"“{text}” is not one of the choices. Write one of: {', '.join(filter(None, allowed))}.")
    return text


def _yes_or_no(text: str, field) -> bool | None:
    if text in ("yes", "no"):
        return text == "yes"
    if not text:
        return field.default if field.has_default() else None
    raise ValueError(f"“{text}” is neither yes nor no. Write yes or no.")


def _items(text: str) -> list[str]:
    items = []
    for line in filter(None, text.split("\n")):
        if not line.startswith("- "):
            raise ValueError(f"“{line[:40]}” is not an item. This text is a list: start each line with '- '.")
        items.append(line[2:].strip())
    return items


# -- Writing ---------------------------------------------------------------------------------------


def format_file(model: type[Content], records: list[dict]) -> str:
    """Return the text of a file with these records."""
    alone = PLACES[model].endswith("/")
    return f"\n{SEPARATOR}\n\n".join(_format_record(model, record, alone) for record in records)


def _format_record(model: type[Content], record: dict, alone: bool) -> str:
    facts = [] if alone else [f"{ADDRESS}: {record['slug']}"]
    texts = []
    for field in schema.fields(model):
        # A version may be older than a field.
        value, label = record.get(field.name), schema.label(field)
        if isinstance(value, bool):
            value = "yes" if value else "no"
        if value in ("", None, []):
            continue
        if isinstance(value, list):
            value = "\n".join(f"- {item}" for item in value) if schema.is_text(field) else ", ".join(value)
        if schema.is_text(field):
            texts.append(f"# {label}\n\n{value}\n")
        else:
            facts.append(f"{label}: {value}")
    return "\n".join(["\n".join(facts) + "\n", *texts])


def write_folder(folder: Path, records: dict[type[Content], list[dict]]) -> list[Path]:
    """Write all records as content files and return the files whose text changed."""
    changed = []
    for model, place in PLACES.items():
        if place.endswith("/"):
            texts = {folder / place / f"{one['slug']}.md": format_file(model, [one]) for one in records[model]}
        else:
            texts = {folder / place: format_file(model, records[model])}
        for path, text in texts.items():
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                changed.append(path)
    return changed
