"""Search: which pages speak of what somebody typed.

Postgres looks at the published versions themselves (`Version.search`), so what is found is what patients read. What is
typed is health information: it is not stored, and nothing here logs it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

import psycopg
from django.db import connection
from django.urls import reverse
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString

from treatments import readability, schema
from treatments.library import Library
from treatments.models import Content, FaqItem, GlossaryTerm, Treatment, WarningSign

LONGEST = 200  # characters
MOST = 15  # results
WEAK = 0.2  # a result that is worth less than this part of the first is none
SURE, UNSURE = 0.8, 0.75  # how like a word of ours a typing mistake is: to put it right, and to ask
LISTS = {FaqItem: "faq", GlossaryTerm: "glossary"}
"""The pages on which these stand, each with an anchor of its own."""

_WORD = re.compile(r"\w+(?:'\w+)?")
_START, _STOP = "\x02", "\x03"  # around found words until they are marked in HTML


@dataclass(frozen=True)
class Result:
    """One page, or one piece of a page, that speaks of it."""

    content: Content
    extract: SafeString
    """What it says of it, with the found words marked."""

    @property
    def kind(self) -> str:
        if isinstance(self.content, Treatment):
            return "Procedure" if self.content.family else "Treatment"
        return {FaqItem: "Question", GlossaryTerm: "Word"}.get(type(self.content), "Page")

    @property
    def address(self) -> str:
        if page := LISTS.get(type(self.content)):
            return f"{reverse('page', args=[page])}#{self.content.slug}"
        return self.content.get_absolute_url()


@dataclass(frozen=True)
class Found:
    """What a search found."""

    words: str
    """What was looked for: what was typed, with typing mistakes put right."""
    is_corrected: bool
    did_you_mean: str
    """What may have been meant, when that is not sure enough to put it right."""
    missing: list[str]
    """Words that no page has."""
    signs: list[WarningSign]
    """Warning signs that it speaks of. They come before everything else."""
    results: list[Result]

    @property
    def is_nothing(self) -> bool:
        return not self.signs and not self.results


def search(typed: str, library: Library) -> Found:
    """Return what the published words say of what somebody typed. Costs two queries, and one for typing mistakes."""
    words = _words(typed)
    unknown = _unknown(words, library)
    likely = _nearest(unknown, library)
    sure = {word: known for word, (known, likeness) in likely.items() if likeness >= SURE}
    meant = " ".join(sure.get(word, word) for word in words)
    maybe = " ".join(likely[word][0] if word in likely else word for word in words)
    words = _words(meant)
    # Of what was typed, never of what it may have meant.
    signs = [heard.sign for heard in library.detector.hear(typed) if not heard.is_past]
    is_crisis = any(sign.level == WarningSign.Level.CRISIS_LINE for sign in signs)
    return Found(
        words=meant if sure else typed,
        is_corrected=bool(sure),
        did_you_mean=maybe if maybe != meant and len(maybe) <= LONGEST else "",
        missing=[word for word in unknown if word not in sure],
        signs=signs,
        # Who thinks of death is not shown treatments in whose words there happens to be "want".
        results=[] if is_crisis else _results(words, library),
    )


@lru_cache(maxsize=2)
def suggestions(library: Library) -> list[str]:
    """Return what can be searched for, for the list that a browser offers while somebody types."""
    names = [name for one in library.treatments for name in (one.short_name, *one.also_called)]
    return sorted({name.casefold(): name for name in names}.values(), key=str.casefold)


# -- What was typed ----------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("’", "'"))


def _groups(words: list[str], library: Library) -> list[list[str]]:
    """Return the groups of words that mean the same of which one was typed."""
    typed = f" {_singular(words)} "
    return [
        one.words for one in library.synonyms if any(f" {_singular(_words(phrase))} " in typed for phrase in one.words)
    ]


def _singular(words: list[str]) -> str:
    return " ".join(word.removesuffix("s") for word in words)


def _anyof(phrases: list[str]) -> str:
    """Return a query for any of these phrases, as `websearch_to_tsquery` reads it."""
    return " or ".join(f'"{" ".join(_words(phrase))}"' for phrase in phrases)


# -- Typing mistakes ---------------------------------------------------------------------------------

_UNKNOWN = """
SELECT word FROM unnest(%s::text[]) AS word
WHERE numnode(plainto_tsquery('english', word)) > 0 AND NOT EXISTS (
    SELECT FROM treatments_version WHERE state = 'published' AND search @@ plainto_tsquery('english', word))
"""
_NEAREST = """
SELECT word, ARRAY(
    SELECT known FROM unnest(%s::text[]) WITH ORDINALITY AS vocabulary(known, place)
    ORDER BY similarity(known, word) DESC, place LIMIT 8)
FROM unnest(%s::text[]) AS word
"""


def _unknown(words: list[str], library: Library) -> list[str]:
    """Return the words that stand nowhere on the site."""
    others = {word for one in library.synonyms for phrase in one.words for word in _words(phrase)}
    asked = [word for word in dict.fromkeys(words) if word not in others]
    return [word for (word,) in _rows(_UNKNOWN, [asked])] if asked else []


def _nearest(unknown: list[str], library: Library) -> dict[str, tuple[str, float]]:
    """Return for each of these the most similar word that we use, if there is one, and how much it is alike."""
    unknown = [word for word in unknown if len(word) > 3]
    if not unknown:
        return {}
    nearest = {}
    for word, candidates in _rows(_NEAREST, [_vocabulary(library), unknown]):
        likeness = {known: SequenceMatcher(None, word, known).ratio() for known in candidates}
        known = max(candidates, key=likeness.get, default=word)
        if likeness.get(known, 0) >= UNSURE:
            nearest[word] = known, likeness[known]
    return nearest


@lru_cache(maxsize=2)
def _vocabulary(library: Library) -> list[str]:
    """Return the words by which things are called, the most frequent first."""
    called = [phrase for one in library.synonyms for phrase in one.words]
    for one in (*_shown(library).values(), *library.warning_signs):
        names = ("name", "plain_name", "title", "term", "question", "description", "summary")
        called += [getattr(one, name, "") for name in names] + one.also_called
    counted = Counter(word for phrase in called for word in _words(phrase) if len(word) > 3)
    return [word for word, _ in counted.most_common()]


# -- Results -----------------------------------------------------------------------------------------

# Each word counts by where it stands on a page, a little when that is only in the long text, and the more, the fewer
# pages have it. A treatment comes before the word that names it.
_RANK = """
WITH term AS (
    SELECT DISTINCT websearch_to_tsquery('english', words) AS query FROM unnest(%s::text[]) AS words
), hit AS (
    SELECT kind, content_id, CASE kind WHEN 'glossaryterm' THEN 0.8 WHEN 'faqitem' THEN 0.9 ELSE 1 END
        * (0.05 + ts_rank(search_names, query)) * ln(1 + %s::float / count(*) OVER (PARTITION BY query)) AS score
    FROM term
    JOIN treatments_version ON state = 'published' AND search @@ query
    WHERE numnode(query) > 0
)
SELECT kind, content_id, sum(score) FROM hit GROUP BY kind, content_id ORDER BY 3 DESC, kind, content_id LIMIT %s
"""
_EXTRACTS = """
SELECT page, ts_headline('english', sentence, query, %s) FROM (
    SELECT DISTINCT ON (page) page, sentence, query
    FROM unnest(%s::int[], %s::text[]) WITH ORDINALITY AS said(page, sentence, place)
    CROSS JOIN websearch_to_tsquery('english', %s) AS query
    CROSS JOIN to_tsvector('english', sentence) AS words
    WHERE words @@ query
    ORDER BY page, ts_rank(words, query) DESC, place
) AS first
"""


def _results(words: list[str], library: Library) -> list[Result]:
    if not words:
        return []
    groups = _groups(words, library)
    # Neighbours may be one word to us: "radio frequency".
    neighbours = ([" ".join(pair), "".join(pair)] for pair in pairwise(words))
    terms = [_anyof(phrases) for phrases in (*([word] for word in words), *neighbours, *groups)]
    shown = _shown(library)
    ranked = [row for row in _rows(_RANK, [terms, len(shown), MOST]) if row[:2] in shown]
    found = [shown[kind, pk] for kind, pk, score in ranked if score > WEAK * ranked[0][2]]
    extracts = _extracts(found, _anyof([*words, *(phrase for group in groups for phrase in group)]))
    return [Result(one, extract) for one, extract in zip(found, extracts, strict=True)]


def _shown(library: Library) -> dict[tuple[str, int], Content]:
    """Return what can be found, as the library shows it."""
    return {
        (one.kind(), one.pk): one for one in (*library.treatments, *library.pages, *library.faqs, *library.glossary)
    }


def _extracts(found: list[Content], query: str) -> list[SafeString]:
    """Return for each piece of content the sentence that says most of what was looked for, or else its first words."""
    beginnings = {word[:3] for word in _words(query) if len(word) > 2}
    # Few sentences have the beginning of a word that was looked for; Postgres takes its time to read one.
    asked = [
        (page, sentence)
        for page, one in enumerate(found)
        for sentence, small in _said(one)
        if any(beginning in small for beginning in beginnings)
    ]
    options = f"HighlightAll=true, StartSel={_START}, StopSel={_STOP}"
    best = dict(_rows(_EXTRACTS, [options, *map(list, zip(*asked, strict=True)), query])) if asked else {}
    return [_marked(best.get(page) or next(_said(one), ("", ""))[0]) for page, one in enumerate(found)]


def _said(content: Content) -> Iterator[tuple[str, str]]:
    """Yield each sentence of a page, as it is and in small letters."""
    return (sentence for line in _lines(content) for sentence in _sentences(line))


def _lines(content: Content) -> Iterator[str]:
    """Yield the paragraphs and items of a page, without its headings."""
    for field in schema.fields(type(content)):
        if schema.is_text(field) and field.name != "also_called":
            value = getattr(content, field.name)
            lines = value if isinstance(value, list) else value.split("\n")
            yield from (line for line in lines if line and not line.startswith("#"))


@lru_cache(maxsize=2**16)
def _sentences(line: str) -> list[tuple[str, str]]:
    """Return the sentences of a line, each also in small letters."""
    return [(sentence, sentence.lower()) for sentence in readability.sentences(line)]


def _marked(text: str) -> SafeString:
    """Return the HTML of a text with the found words marked. All else in it is escaped."""
    before, *parts = text.split(_START)
    pairs = (part.partition(_STOP)[::2] for part in parts)
    return escape(before) + format_html_join("", "<mark>{}</mark>{}", pairs)


def _rows(sql: str, values: list) -> list[tuple]:
    """Ask Postgres with values that travel apart from the statement, so that no log of statements holds a search."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
