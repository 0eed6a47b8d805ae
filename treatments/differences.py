"""What differs between two records, field by field, in words added and removed."""

import dataclasses
import difflib
import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from treatments import schema


@dataclasses.dataclass(frozen=True)
class Difference:
    """One field that says something else."""

    name: str
    label: str
    html: SafeString
    """The words of both, what was removed in <del> and what was added in <ins>."""


def between(kind: str, old: dict, new: dict) -> list[Difference]:
    """Return the fields in which two records of a kind differ, in the order of the form."""
    model = schema.KINDS[kind]
    found = []
    for name, label in (("slug", "Address"), *((field.name, schema.label(field)) for field in schema.fields(model))):
        before, after = (schema.as_text(model, name, record.get(name)) for record in (old, new))
        if before != after:
            found.append(Difference(name, label, words(before, after)))
    return found


def words(old: str, new: str) -> SafeString:
    """Return both texts as one, with <del> around what was removed and <ins> around what was added.

    Lines are matched first and words only inside lines that differ, so long texts stay quick to compare.
    """
    lines = []
    for kind, before, after in _changes(old.split("\n"), new.split("\n")):
        if kind == "equal":
            lines += [_line(line) for line in after]
        elif kind == "replace" and len(before) == len(after):
            lines += [_line_of_words(one, other) for one, other in zip(before, after, strict=True)]
        else:
            lines += [_line(line, "del") for line in before] + [_line(line, "ins") for line in after]
    return mark_safe("".join(lines))  # noqa: S308 - every part was escaped by format_html


def _line_of_words(old: str, new: str) -> SafeString:
    parts = []
    for kind, before, after in _joined(_changes(re.findall(r"\s+|\S+", old), re.findall(r"\s+|\S+", new))):
        if kind == "equal":
            parts.append(("{}", "".join(after)))
            continue
        if before:
            parts.append((_MARKED["del"], "".join(before)))
        if after:
            parts.append((_MARKED["ins"], "".join(after)))
    return format_html("<p>{}</p>", format_html_join("", "{}", ((format_html(how, text),) for how, text in parts)))


# The hidden words tell a screen reader what the colours and lines tell the eye.
_MARKED = {
    "del": '<del><span class="visually-hidden">[removed: </span>{}<span class="visually-hidden">]</span></del>',
    "ins": '<ins><span class="visually-hidden">[added: </span>{}<span class="visually-hidden">]</span></ins>',
}


def _line(text: str, mark: str = "") -> SafeString:
    return format_html("<p>{}</p>", format_html(_MARKED[mark], text) if mark and text else text)


def _joined(changes):
    """Join changes that only a space or one short word keeps apart, so that a sentence written anew reads as one."""
    joined = []
    changes = list(changes)
    for index, (kind, before, after) in enumerate(changes):
        between = 0 < index < len(changes) - 1 and len("".join(after).strip()) <= 3 and len(after) <= 3
        if kind == "equal" and not between:
            joined.append((kind, before, after))
        elif joined and joined[-1][0] != "equal":
            joined[-1] = ("replace", joined[-1][1] + before, joined[-1][2] + after)
        else:
            joined.append(("replace", before, after))
    return joined


def _changes(old: list, new: list):
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        yield kind, old[old_start:old_end], new[new_start:new_end]
