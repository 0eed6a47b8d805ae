"""Search: which pages speak of what somebody typed.

Postgres looks at the published versions themselves (`Version.search`), so what is found is what patients read. Words
that stand for one certain thing are known: signposts lead there. What was typed is never changed for anybody; another
spelling is offered, and looked for by itself only when nothing at all was found.

What is typed is health information: it is not stored, and nothing here logs it.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import psycopg
from django.db import connection
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString

from treatments import dictionary, links, readability, schema, tools
from treatments.answers import Answer
from treatments.library import Library
from treatments.models import Content, FaqItem, GlossaryTerm, Signpost, Treatment, WarningSign

LONGEST = 200  # characters
MOST = 15  # results
WEAK = 0.2  # a result that is worth less than this part of the first is none
ALIKE = 0.75  # how like a word of ours an unknown word must be to ask whether that one was meant
MAINLY, WHOLLY = 0.5, 0.8  # the part that must ask about the clinic for it to answer, and where a treatment is named
FIRST = 100  # what is worth more than anything that is found by its words
NAMED = 2.5  # what a page is worth, beside the best one that was found by its words, to which all but nothing leads
EXTRACT = 110  # characters; an answer goes on to its next sentence until it has so many

_TREATMENTS = links.address(Treatment, "")[:-1]
_WORD = re.compile(r"\w+(?:'\w+)?")
_ED = re.compile(r"(.{2}[^aeiou]{2})ed$")
_START, _STOP = "\x02", "\x03"  # around found words until they are marked in HTML

# What says nothing of what is looked for: "do you have parking" asks for parking.
_SMALL = {
    "a", "an", "the", "this", "that", "these", "those", "my", "your", "our", "his", "her", "their", "its", "me",
    "i", "we", "you", "he", "she", "they", "it", "us", "them", "who", "what", "when", "where", "which", "how",
    "why", "is", "are", "am", "was", "were", "be", "been", "being", "do", "does", "did", "done", "have", "has",
    "had", "can", "could", "will", "would", "shall", "should", "may", "might", "must", "to", "of", "in", "on", "at",
    "for", "with", "from", "by", "about", "into", "or", "and", "as", "if", "there", "here", "any", "some", "please",
    "want", "need", "know", "tell", "like", "just", "get", "got", "im", "ive", "id", "youre", "theres", "dont",
    "so", "guys", "hi", "hello", "thanks",
}  # fmt: skip
# What nearly everybody here speaks of, so that it tells little: "acupuncture for back pain" asks for acupuncture.
_HERE = {
    "back", "pain", "painful", "hurt", "fusion", "fused", "surgery", "spine", "spinal", "after", "since", "post",
    "doctor", "office", "clinic",
}  # fmt: skip
# What is said with everything, and tells little, too.
_COMMON = _HERE | {
    "able", "about", "again", "all", "already", "also", "anymore", "bad", "before", "come", "day", "definition",
    "down", "during", "effect", "even", "ever", "every", "everyday", "explain", "feel", "give", "go", "gone",
    "good", "happen", "help", "keep", "long", "lot", "made", "make", "many", "mean", "meaning", "month", "more",
    "much", "need", "no", "not", "now", "off", "often", "ok", "okay", "one", "only", "other", "out", "over", "own",
    "people", "put", "really", "right", "safe", "same", "side", "someone", "still", "take", "taken", "than", "then",
    "thing", "think", "today", "tomorrow", "too", "try", "up", "use", "very", "week", "while", "without", "work",
    "year", "yesterday", "yet",
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One page, or one piece of a page, that speaks of it."""

    title: str
    kind: str
    address: str
    extract: SafeString
    """What it says of it, with the found words marked."""


@dataclass(frozen=True)
class Found:
    """What a search found."""

    words: str
    """What was looked for. It is what was typed, unless `is_other` is true."""
    signs: list[WarningSign] = field(default_factory=list)
    """Warning signs that it speaks of. They come before everything else."""
    past_signs: list[WarningSign] = field(default_factory=list)
    """Those that the words say are over."""
    is_other: bool = False
    """Whether nothing was found for what was typed, so that these are the results for another spelling."""
    did_you_mean: str = ""
    """Another spelling, offered beside the results for what was typed."""
    missing: list[str] = field(default_factory=list)
    """Words that no page has."""
    answer: Answer | None = None
    """What the clinic says to it."""
    results: list[Result] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        return not self.signs and not self.answer and not self.results


def search(typed: str, library: Library, *, exactly: bool = False) -> Found:
    """Return what the published words say of what somebody typed. Costs two queries, and one for unknown words.

    Where nothing is found, a likely spelling is looked for as well, unless this is to be `exactly` what was typed.
    """
    words = _words(typed)
    heard = library.detector.hear(typed)  # what was typed, never what it may have meant
    signs = [one.sign for one in heard if not one.is_past]
    if any(sign.level == WarningSign.Level.CRISIS_LINE for sign in signs):
        # Who thinks of death is not shown treatments in whose words there happens to be "want".
        return Found(typed, signs)
    unknown = _unknown(words, library)
    answer, results = _look(words, library)
    found = Found(
        words=typed,
        signs=signs,
        past_signs=[one.sign for one in heard if one.is_past],
        # Beside a warning sign, nothing draws away from it.
        did_you_mean="" if signs else _offer(words, unknown, _capitalized(typed), library),
        missing=[] if signs else unknown,
        answer=answer,
        results=results,
    )
    if found.is_nothing and found.did_you_mean and not exactly:
        answer, results = _look(_words(found.did_you_mean), library)
        if answer or results:
            return replace(found, words=found.did_you_mean, is_other=True, missing=[], answer=answer, results=results)
    return found


@lru_cache(maxsize=2)
def suggestions(library: Library) -> list[str]:
    """Return what can be searched for, for the list that a browser offers while somebody types."""
    names = [name for one in library.treatments for name in (one.short_name, *one.also_called)]
    return sorted({name.casefold(): name for name in names}.values(), key=str.casefold)


# -- What was typed ----------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("’", "'"))


def _capitalized(text: str) -> set[str]:
    """Return the words that somebody wrote as names: with a capital, after a word without one."""
    return {word.lower() for word in re.findall(r"\b[a-z]\w* ([A-Z]\w*)", text)}


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


# -- Names -------------------------------------------------------------------------------------------


class _Named(NamedTuple):
    """What is known by a name that was typed: by the words of a signpost, or by those of a page itself."""

    leads_to: tuple[str, ...]
    signpost: Signpost | None = None


class _Part(NamedTuple):
    """How much of what was typed is a name of something: 1 when nothing else of weight was typed."""

    named: _Named
    part: float


def _parts(words: list[str], library: Library) -> list[_Part]:
    """Return what was named, that first which most of what was typed is a name of.

    Of names that overlap, the longest counts: "MRI with a stimulator" names no stimulator.
    """
    names, longest, known = _names(library)
    forms, plain = [_form(word) for word in words], [_plain(word) for word in words]
    weights = _weights(forms, known)
    found = []
    for small in ((), _SMALL, _SMALL | _HERE):
        places = [n for n, form in enumerate(forms) if form not in small]
        for start in range(len(places)):
            for end in range(start + 1, min(len(places), start + longest) + 1):
                run = places[start:end]
                spelled, like = ("".join(some[n] for n in run) for some in (plain, forms))
                if named := names.get(spelled) or names.get(like):
                    found.append((range(run[0], run[-1] + 1), named))
    found.sort(key=lambda one: (-sum(weights[n] for n in one[0]), -len(one[0]), one[0].start))
    taken, own = set(), defaultdict(set)
    for run, named in found:
        tells = any(forms[n] not in _SMALL | _COMMON for n in run)
        if taken.intersection(run) - own[named] or (taken and not tells):
            continue
        taken.update(run)
        own[named].update(run)
        if not any(weights[n] for n in run):  # of small words alone: "where are you"
            weights = [1 if n in run else weight for n, weight in enumerate(weights)]
    # What everybody speaks of counts only where a name holds it.
    total = sum(weight for n, weight in enumerate(weights) if forms[n] not in _COMMON or n in taken)
    parts = [_Part(named, sum(weights[n] for n in run) / total) for named, run in own.items() if run]
    return sorted(parts, key=lambda one: -one.part)


def _weights(forms: list[str], known: set[str]) -> list[float]:
    """Return how much each word tells of what is looked for."""
    weights = [0 if one in _SMALL else 0.25 if one in _COMMON else 1 if one in known else 0.5 for one in forms]
    return weights if any(weights) else [1] * len(forms)


@lru_cache(maxsize=2)
def _names(library: Library) -> tuple[dict[str, _Named], int, set[str]]:
    """Return what is known by which name, without spaces, and how many words the longest name has, and all words.

    What has small words goes by the others as well: "open on Saturday" is also "open Saturday". One word alone would
    be too little to go by: "in my head" is no head. A signpost comes before the names of pages.
    """
    phrases = [(phrase, _Named(tuple(one.leads_to), one)) for one in library.signposts for phrase in one.also_called]
    for one in _shown(library).values():
        phrases += [(phrase, _Named((_address(one),))) for phrase in _called(one)]
    spelled, exact, loose, longest, known = {}, {}, {}, 1, set()
    for phrase, named in phrases:
        forms = [_form(word) for word in _words(phrase)]
        known.update(forms)
        telling = [form for form in forms if form not in _SMALL]
        longest = max(longest, len(forms) + 1)  # a word may be typed as two: "radio frequency"
        spelled.setdefault("".join(map(_plain, _words(phrase))), named)  # "weights" are not quite "weight"
        exact.setdefault("".join(forms), named)
        if 1 < len(telling) < len(forms):
            loose.setdefault("".join(telling), named)
    return loose | exact | spelled, longest, known


def _called(content: Content) -> Iterator[str]:
    """Yield the names of some content. "Radiofrequency ablation (RFA)" goes by what stands before the bracket."""
    names = (getattr(content, name, "") for name in ("name", "short_name", "title", "short_title", "term"))
    yield from (name.partition(" (")[0] for name in names if name)
    yield from content.also_called


def _is_called(content: Content | tools.Tool | Signpost, name: str) -> bool:
    """Whether this, without spaces and in basic forms, is a name of some content."""
    return isinstance(content, Content) and any(
        "".join(map(_form, _words(phrase))) == name for phrase in _called(content)
    )


def _plain(word: str) -> str:
    """Return a word without accents and apostrophes."""
    plain = unicodedata.normalize("NFKD", word.replace("'", ""))
    return "".join(one for one in plain if not unicodedata.combining(one))


@lru_cache(maxsize=2**14)
def _form(word: str) -> str:
    """Return a word without what people leave out or change: accents, apostrophes, the ends of plurals and verbs."""
    plain = _plain(word)
    if len(plain) > 4 and plain.endswith("ies"):
        return plain[:-3] + "y"
    if plain.endswith(("ches", "shes", "sses", "xes")):
        return plain[:-2]
    if len(plain) > 3 and plain.endswith("s") and not plain.endswith(("ss", "us", "is")):
        return plain[:-1]
    # "Locked" is locked up, and "scared" is no scar: an e may be part of the word.
    stem = plain[:-3] if len(plain) > 5 and plain.endswith("ing") else _ED.sub(r"\1", plain)
    return stem[:-1] if stem != plain and stem[-1] == stem[-2] and stem[-1] not in "sl" else stem


# -- Other spellings ---------------------------------------------------------------------------------

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
    """Return the words that stand nowhere on the site, and that no record of ours knows."""
    ours = _ours(library)
    asked = [word for word in dict.fromkeys(words) if _form(word) not in ours]
    return [word for (word,) in _rows(_UNKNOWN, [asked])] if asked else []


def _offer(words: list[str], unknown: list[str], names: set[str], library: Library) -> str:
    """Return what may have been meant. A word that anybody knows is meant as it was typed, and so is a name."""
    asked = [
        word
        for word in unknown
        if len(word) > 3 and word.isalpha() and not dictionary.is_known(word) and word not in names
    ]
    if not asked:
        return ""
    nearest = {}
    for word, candidates in _rows(_NEAREST, [_vocabulary(library), asked]):
        likeness = {known: SequenceMatcher(None, word, known).ratio() for known in candidates}
        known = max(candidates, key=likeness.get, default=word)
        if likeness.get(known, 0) >= ALIKE:
            nearest[word] = known
    meant = " ".join(nearest.get(word, word) for word in words)
    return meant if nearest and len(meant) <= LONGEST else ""


@lru_cache(maxsize=2)
def _ours(library: Library) -> set[str]:
    """Return the words of the records that no page shows: they are as right as those of the pages.

    What signs are heard by are patterns, not spellings, and hold slips on purpose.
    """
    records = [*library.synonyms, *library.signposts, library.clinic]
    values = (
        getattr(one, field.name) for one in records for field in schema.fields(type(one)) if not field.is_relation
    )
    texts = (text for value in values for text in (value if isinstance(value, list) else [value]))
    return {_form(word) for text in texts if isinstance(text, str) for word in _words(text)}


@lru_cache(maxsize=2)
def _vocabulary(library: Library) -> list[str]:
    """Return the words by which things are called, the most frequent first."""
    called = [phrase for one in library.synonyms for phrase in one.words]
    # What people type may itself be spelled wrong.
    typed = (word for one in library.signposts for phrase in one.also_called for word in _words(phrase))
    called += filter(dictionary.is_known, typed)
    for one in (*_shown(library).values(), *library.warning_signs):
        names = ("name", "plain_name", "title", "term", "question", "description", "summary", "sign")
        called += [getattr(one, name, "") for name in names]
        called += [] if isinstance(one, WarningSign) else one.also_called  # those are patterns, not spellings
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
    FROM unnest(%s::int[], %s::text[], %s::float[]) WITH ORDINALITY AS said(page, sentence, weight, place)
    CROSS JOIN websearch_to_tsquery('english', %s) AS query
    CROSS JOIN to_tsvector('english', sentence) AS words
    WHERE words @@ query
    ORDER BY page, ts_rank(words, query) * weight DESC, place
) AS first
"""


def _look(words: list[str], library: Library) -> tuple[Answer | None, list[Result]]:
    """Return what the clinic says to these words, and the pages that speak of them, the best first."""
    if not words:
        return None, []
    parts = _parts(words, library)
    clinic = _clinic(parts)
    groups = _groups(words, library)
    telling = [word for word in words if _form(word) not in _SMALL | _COMMON] or words
    worth = _ranked(telling, words, groups, library)
    if not worth and not parts and telling != words:
        worth = _ranked(words, words, groups, library)
    at = _at(library)
    for named, part in parts:
        for place, address in enumerate(named.leads_to):
            if address in at:
                if part == 1:  # what was typed is a name of it: no page that only has the word comes before
                    worth[address] = FIRST - place
                elif named.signpost:  # other names count among the words of their pages
                    aside = _is_of_clinic(named) and not clinic  # the price of a treatment stands on its page
                    more = NAMED * part**0.5 * 0.9**place * (0.5 if aside else 1)
                    worth[address] = worth.get(address, 0) + more
    by_page = {}  # a page and a part of it are one result
    for address in sorted(worth, key=lambda address: -worth[address]):
        by_page.setdefault(id(at[address]), address)
    addresses = list(by_page.values())[:MOST]
    found = [at[address] for address in addresses]
    wanted = _anyof([*telling, *(phrase for group in groups for phrase in group)])
    name = "".join(map(_form, words))
    extracts = _extracts([(one, _is_called(one, name)) for one in found], wanted)
    titles = [one.title if isinstance(one, tools.Tool) else str(one) for one in found]
    results = list(map(Result, titles, map(_kind, found), addresses, extracts))
    return clinic and Answer(clinic, library.clinic), results


def _ranked(telling: list[str], words: list[str], groups: list[list[str]], library: Library) -> dict[str, float]:
    """Return the addresses of what has these words, and what each is worth beside the best, which is 1."""
    # Neighbours may be one word to us: "radio frequency".
    neighbours = ([" ".join(pair), "".join(pair)] for pair in pairwise(words))
    terms = [_anyof(phrases) for phrases in (*([word] for word in telling), *neighbours, *groups)]
    shown = _shown(library)
    scores = {(kind, pk): score for kind, pk, score in _rows(_RANK, [terms, len(shown), MOST]) if (kind, pk) in shown}
    best = max(scores.values(), default=1)
    return {_address(shown[key]): score / best for key, score in scores.items() if score > WEAK * best}


def _clinic(parts: list[_Part]) -> Signpost | None:
    """Return what is asked about the clinic, if that is mainly it."""
    asked = [one for one in parts if _is_of_clinic(one.named)]
    about_treatment = any(address.startswith(_TREATMENTS) for one in parts for address in one.named.leads_to[:1])
    is_mainly = sum(part for _, part in asked) >= (WHOLLY if about_treatment else MAINLY)
    return asked[0].named.signpost if asked and is_mainly else None


def _is_of_clinic(named: _Named) -> bool:
    return bool(named.signpost) and named.signpost.answered_by != Signpost.AnsweredBy.PAGES


def _shown(library: Library) -> dict[tuple[str, int], Content]:
    """Return what can be found, as the library shows it."""
    return {
        (one.kind(), one.pk): one for one in (*library.treatments, *library.pages, *library.faqs, *library.glossary)
    }


@lru_cache(maxsize=2)
def _at(library: Library) -> dict[str, Content | tools.Tool | Signpost]:
    """Return what stands at each address to which a search can lead. What is no longer public is not among them."""
    pages = {_address(one): one for one in _shown(library).values()}
    pages |= {tool.get_absolute_url(): tool for tool in tools.TOOLS}
    content = set(pages)
    for signpost in sorted(library.signposts, key=lambda one: len(one.leads_to)):
        for address in signpost.leads_to:
            page = address.partition("#")[0]
            if address not in pages and page in content and page not in links.LISTS.values():
                pages[address] = pages[page]  # a part of a page
            elif address not in pages and links.is_live(address, content):
                pages[address] = signpost  # such as the form of a request: the signpost says what it is
    return pages


def _address(content: Content) -> str:
    if page := links.LISTS.get(type(content)):
        return f"{page}#{content.slug}"
    return content.get_absolute_url()


def _kind(content: Content | tools.Tool | Signpost) -> str:
    if isinstance(content, Treatment):
        return "Procedure" if content.family else "Treatment"
    return {FaqItem: "Question", GlossaryTerm: "Word"}.get(type(content), "Page")


def _extracts(found: list[tuple[Content | tools.Tool | Signpost, bool]], query: str) -> list[SafeString]:
    """Return for each result the sentence that says most of what was looked for, or else its first words.

    Whoever typed the name of something, as the second of each pair tells, is told in short what that is.
    """
    beginnings = {word[:3] for word in _words(query) if len(word) > 2}
    # Few sentences have the beginning of a word that was looked for; Postgres takes its time to read one.
    asked = [
        (page, sentence, weight)
        for page, (one, is_named) in enumerate(found)
        for sentence, small, weight in _said(one, in_short=is_named)
        if any(beginning in small for beginning in beginnings)
    ]
    options = f"HighlightAll=true, StartSel={_START}, StopSel={_STOP}"
    best = dict(_rows(_EXTRACTS, [options, *map(list, zip(*asked, strict=True)), query])) if asked else {}
    return [_marked(best.get(page) or next(_said(one, in_short=True), ("",))[0]) for page, (one, _) in enumerate(found)]


_BRIEF = ("answer", "meaning", "summary")
_NOT_SAID = ("also_called", "leads_to", "unexplained", "questions")
_POINTER = re.compile(r"(?:You can (?:also )?)?(?:read|see|print|look|find|go to|learn|more)\b", re.IGNORECASE)
_LINK = re.compile(r"\[([^\]]+)\]\(")


def _said(content: Content | tools.Tool | Signpost, *, in_short: bool) -> Iterator[tuple[str, str, float]]:
    """Yield what a page says, as it is and in small letters, and how much it counts: most where it says it in short.

    A question is answered in its first sentences, so these stay together. What only leads elsewhere says nothing.
    """
    if isinstance(content, tools.Tool):
        yield content.line, content.line.lower(), 1
    elif in_short or isinstance(content, FaqItem | GlossaryTerm):
        text = ""
        for sentence, _ in _lines(next(getattr(content, name) for name in _BRIEF if hasattr(content, name))):
            if len(text) < EXTRACT:
                text = f"{text} {sentence}".strip()
        yield text, text.lower(), 1
    else:
        for one in schema.fields(type(content)):
            if schema.is_text(one) and one.name not in _NOT_SAID:
                value = getattr(content, one.name)
                weight = 2 if one.name in _BRIEF else 1
                for text in value if isinstance(value, list) else [value]:
                    yield from ((*sentence, weight) for sentence in _lines(text))


@lru_cache(maxsize=2**14)
def _lines(text: str) -> list[tuple[str, str]]:
    """Return the sentences of a text, each also in small letters, without headings and what only leads elsewhere."""
    said = []
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            linked = _LINK.findall(line)
            said += [
                (sentence, sentence.lower())
                for sentence in readability.sentences(line)
                if not any(
                    words in sentence and (_POINTER.match(sentence) or len(words) > len(sentence) / 2)
                    for words in linked
                )
            ]
    return said


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
