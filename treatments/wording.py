"""Words that a health page should not use, found sentence by sentence in what patients read."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.db import models

from treatments import readability, schema
from treatments.models import Content

PROMISES = (
    "cure", "curing", "curative", "guarantee", "pain-free", "painless", "miracle", "breakthrough", "no risk",
    "risk-free", "100%", "100 percent", "instantly", "last hope",
)  # fmt: skip
"""What promises more than anybody can; content/README.md tells it to writers. Other forms, such as cured, count too."""
TERMS = ("breakthrough pain", "no risk factor", "100% oxygen")
"""Medical terms that only look like promises."""
BLAME = ("addict", "drug seeker", "drug seeking", "sufferer", "victim")


class Quote(NamedTuple):
    """A sentence, and the name of the field it stands in."""

    field: str
    sentence: str


def texts(content: Content, *, short: bool = True) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each field whose words patients read, or only of those that hold longer texts."""
    for field in (one for one in schema.fields(type(content)) if one.name not in content.UNREAD):
        line = type(field) is models.CharField and not field.choices  # an address, of mail or web, is a subclass
        if schema.is_text(field) or (short and line):
            value = getattr(content, field.name)
            yield schema.label(field), "\n".join(value) if isinstance(value, list) else value


def promises(content: Content) -> tuple[list[Quote], list[Quote]]:
    """Return the sentences that promise, and those that only speak of a promise.

    A sentence only speaks of it when it is a question, or when a word such as "no" or "not" stands before.
    """
    made, mentioned = [], []
    for quote in _sentences(content):
        before = [quote.sentence[: one.start()] for one in _PROMISE.finditer(quote.sentence) if one["promise"]]
        if before:
            honest = re.search(r"\?\W*$", quote.sentence) or all(map(_DENIAL.search, before))
            (mentioned if honest else made).append(quote)
    return made, mentioned


def blaming(content: Content) -> list[Quote]:
    return [quote for quote in _sentences(content) if _BLAME.search(quote.sentence)]


def percentages(content: Content) -> list[Quote]:
    return [quote for quote in _sentences(content) if _PERCENT.search(quote.sentence)]


def long_sentences(content: Content) -> list[Quote]:
    longer = texts(content, short=False)  # descriptions for search engines may be one long line
    return [Quote(name, one) for name, text in longer for one in readability.long_sentences(text)]


def _sentences(content: Content) -> Iterator[Quote]:
    return (Quote(name, sentence) for name, text in texts(content) for sentence in readability.sentences(text))


def _any_of(words: Iterable[str]) -> str:
    """A pattern for words in which a hyphen may be a space or be left out."""
    spelled = (re.escape(word).replace(r"\-", "[-‑ ]?").replace(r"\ ", r"[-\s]") for word in words)
    return f"(?:{'|'.join(spelled)})"


# A term is tried first, so that it is passed over as a whole.
_PROMISE = re.compile(
    rf"(?<!\w)(?:{_any_of(TERMS)}|(?P<promise>{_any_of(PROMISES)}(?:s|d|ed|ing)?(?!\w)))", re.IGNORECASE
)
_DENIAL = re.compile(
    r"\b(?:no|not|nor|never|none|nobody|nothing|neither|without|cannot|\w+n['’]t)\b(?!-)", re.IGNORECASE
)
_BLAME = re.compile(rf"\b{_any_of(BLAME)}s?\b", re.IGNORECASE)
_PERCENT = re.compile(r"\d\s?%|\bpercent\b", re.IGNORECASE)
