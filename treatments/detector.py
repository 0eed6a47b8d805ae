"""The one detector of warning signs in what people type, in English and Spanish, with or without the database.

What to listen for is content: staff edit it and a reviewer signs it. A warning sign has phrases, in the small language
below, and exceptions; word lists hold what signs have in common. Nothing that is typed is rewritten toward a sign: a
word counts as a typing mistake only when it is long, one slip away, and no word that anybody knows. Nothing that is
heard is stored or logged.

A phrase in that language:

    can't pee                         these words in this order, with two others between them at most
    numb*/tingling/no_feeling         any ending; one of several, words joined by _ being one
    fever + [spine shot]              these pieces near each other in any order; any words of the list "spine shot"
    temp*/fever + 100.4..110          a number in this range
    = hopeless                        this, and nothing else
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from django.core.exceptions import ValidationError
from django.utils import timezone

from treatments import dictionary

if TYPE_CHECKING:
    from treatments.models import WarningSign, WordList

GAP = 4  # words that may stand between two words of one piece; one of them may be more than a filler
NEAR = 10  # words that may stand between two pieces of one phrase
AROUND = 6  # words between a sign and what says that it is over
LONG = 6  # letters from which a word may have a typing mistake
LONGEST = 1500  # characters that are listened to: more than all texts of a request may have
MOST = 300  # choices that are looked at for one phrase, so that no text can keep the server busy

# After these something else begins: "I had a stroke in 2015, and now my leg is weak".
_BREAKS = {"but", "and", "so", "then", "because", "while", "although", "yet", "pero", "y", "porque", "entonces"}
_OR = {"or", "nor", "ni", "o", "u"}
_IS = {"is", "are", "es", "esta", "estan"}
_HAPPENED = {"had", "was", "were", "got", "did", "tuve", "tenia", "fue", "hubo"}
# What is found of the lists by their use; no word of a phrase can be called so.
_HARMLESS, _DENIED, _PAST, _PRESENT, _FILLER = "<harmless>", "<denied>", "<past>", "<present>", "<filler>"
# Whoever names one of them speaks of somebody: "what if the alarm goes off" asks, "what if my alarm goes off" may not.
# "Can not make it to the toilet" asks nothing, and "could a clot cause this" asks about what is there.
_SOMEBODY = {
    "not", "this", "these", "esto",
    "i", "im", "ive", "my", "me", "myself", "he", "hes", "she", "shes", "his", "him", "her", "we", "our", "they",
    "theyre", "mom", "dad", "husband", "wife", "yo", "mi", "mis", "tengo", "estoy", "siento", "mama", "papa",
    "esposo", "esposa",
}  # fmt: skip
_OPERATION = "[operation]"
"""The word list of what has a year of its own: numbness after surgery in 2019 may be there today."""

_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|[a-z]+|[.!?;:,\n()]|\s[-–—]+\s")
_RANGE = re.compile(r"(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)")
_ATOM = re.compile(r"(?:\[[^\[\]]+\]|\S)+")


# -- What is listened for ----------------------------------------------------------------------------


class Phrase(NamedTuple):
    """One line of a warning sign. A piece is a row of atoms; an atom is a word, a beginning, a list or a range."""

    pieces: tuple[tuple[str, ...], ...]
    is_whole: bool
    """Whether it counts only when nothing else was typed."""
    atoms: frozenset[str]
    """All of them, which must be there before anybody looks where."""


@lru_cache(maxsize=2**13)  # a start checks all phrases, and then listens for them
def parse(line: str) -> Phrase:
    """Return a line as a phrase. Raises ValueError with what to do when it is none."""
    is_whole, text = line.startswith("="), line.removeprefix("=")
    pieces = tuple(tuple(_atoms(part)) for part in text.split("+"))
    if not all(pieces):
        raise ValueError("Write words on both sides of a plus.")
    return Phrase(pieces, is_whole, frozenset(atom for piece in pieces for atom in piece))


def _atoms(text: str) -> Iterator[str]:
    for part in _ATOM.findall(text):
        yield "/".join(map(_choice, part.split("/")))


def _choice(text: str) -> str:
    """Return one of the words, lists or ranges of which one is enough."""
    if _RANGE.fullmatch(text):
        return text
    if re.fullmatch(r"\[.+\]", text):
        return f"[{' '.join(_plain(text[1:-1]).split())}]"
    return " ".join(map(_word, text.split("_")))


@lru_cache(maxsize=2**14)
def _word(text: str) -> str:
    plain = _plain(text)
    if not re.fullmatch(r"(?:[a-z]+|\d+(?:\.\d+)?)\*?", plain):
        raise ValueError(f"“{text}” cannot be read. Write one word, a star at its end if any ending will do.")
    return plain


def validate_phrase(line: str) -> None:
    """Refuse a line that cannot be read as a phrase."""
    try:
        parse(line)
    except ValueError as error:
        raise ValidationError(f"“{line}”: {error}") from None


def validate_words(line: str) -> None:
    """Refuse a line of a word list that is more than words: lists do not name lists."""
    try:
        words = [_word(word) for word in line.split()]
    except ValueError as error:
        raise ValidationError(str(error)) from None
    if not words:
        raise ValidationError("Write at least one word.")


# -- Listening ---------------------------------------------------------------------------------------


class Span(NamedTuple):
    """Words from the first to before the last, and which of them were looked for."""

    start: int
    end: int
    used: frozenset[int]


class Heard(NamedTuple):
    """A warning sign in what somebody typed."""

    sign: WarningSign
    is_past: bool
    """Whether the words say that it is over, or only ask about it: told softly in the search, and stops nobody."""


class Detector:
    """Listens for warning signs, which it tells in the order in which they are given."""

    def __init__(self, signs: Iterable[WarningSign], lists: Iterable[WordList]):
        lists = list(lists)
        self._signs = list(signs)
        named = {f"[{' '.join(_plain(one.name).split())}]": one.also_called for one in lists}
        # Each phrase is looked at only where the rarest of its atoms stands: the one with the fewest words.
        self._phrases: dict[str, list[tuple[int, bool, Phrase]]] = defaultdict(list)
        atoms = set()
        for number, sign in enumerate(self._signs):
            for is_exception, lines in enumerate((sign.also_called, sign.exceptions)):
                for phrase in filter(None, map(_readable, lines)):
                    rarest = min(phrase.atoms, key=lambda atom: (atom.count("/") + 20 * atom.count("["), atom))
                    self._phrases[rarest].append((number, bool(is_exception), phrase))
                    atoms |= phrase.atoms
        asked = (line for one in lists if one.use == "asked" for line in one.also_called)
        self._asked = list(filter(None, map(_readable, asked)))
        atoms = atoms.union(*(phrase.atoms for phrase in self._asked))
        self._ranges: dict[str, tuple[float, float]] = {}
        self._atoms_of: dict[str, list[str]] = defaultdict(list)
        entries: dict[str, list[str]] = {_OPERATION: named.get(_OPERATION, [])}
        for atom in atoms:
            for choice in atom.split("/"):
                self._atoms_of[choice].append(atom)
                if limits := _RANGE.fullmatch(choice):
                    self._ranges[choice] = float(limits[1]), float(limits[2])
                else:
                    entries[choice] = named.get(choice, []) if choice.startswith("[") else [choice]
        for one in lists:
            if one.use != "asked":
                entries.setdefault(f"<{one.use}>", []).extend(one.also_called)
        entries.pop("<named>", None)
        self._by_first: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
        for name, lines in entries.items():
            for line in lines:
                if words := [_word(word) for word in line.split()]:
                    self._by_first[words[0]].append((name, words))
        known = {word for some in self._by_first.values() for _, words in some for word in words}
        self._known = known
        self._long: dict[tuple[int, str], set[str]] = defaultdict(set)
        for word in known:
            if len(word.rstrip("*")) >= LONG:
                for place in (0, 1):
                    self._long[place, word[place]].add(word)

    def hear(self, text: str) -> list[Heard]:
        """Return the warning signs in a text; those that the words say are over come last."""
        typed = _Typed(text)
        self._find_slips(typed)
        found = self._find(typed)
        found = _without(_used(found[_HARMLESS]), found)
        possible: dict[int, tuple[list[Phrase], list[Phrase]]] = defaultdict(lambda: ([], []))
        for atom in found.keys() & self._phrases.keys():
            for number, is_exception, phrase in self._phrases[atom]:
                if phrase.atoms <= found.keys():
                    possible[number][is_exception].append(phrase)
        candidates = []
        for number, (phrases, exceptions) in sorted(possible.items()):
            excepted = _used(span for spans in _matches(exceptions, found, typed) for span in spans)
            candidates.append((self._signs[number], list(_matches(phrases, _without(excepted, found), typed))))
        spans = [span for _, matches in candidates for one in matches for span in one]
        # The "no" of "no feeling between my legs" is part of a sign, and denies no other one.
        own = _used(span for span in spans if len(span.used) > 1)
        denials = {span.end - 1 for span in found[_DENIED] if not span.used <= own}
        passed = _used(spans) | _used(found[_FILLER])
        questions = self._questions(found, typed)
        heard = []
        for sign, matches in candidates:
            matches = [one for one in matches if not any(_is_denied(span, denials, passed, typed) for span in one)]
            if matches:
                tenses = [self._tense(sign, one, found, questions, typed) for one in matches]
                told = {span for one, tense in zip(matches, tenses, strict=True) if tense == _PAST for span in one}
                is_over = _PRESENT not in tenses and all(told.intersection(one) for one in matches)
                heard.append(Heard(sign, is_over and sign.level != "988"))
        return sorted(heard, key=lambda one: one.is_past)

    def _find_slips(self, typed: _Typed) -> None:
        """Add to each long word that nobody knows the words that it may be a typing mistake of."""
        for forms in typed.forms:
            word = min(forms, key=len)
            if len(word) >= LONG and not forms & self._known and not dictionary.is_word(word):
                # Nobody's slip begins with two wrong letters, so few words have to be looked at.
                alike = self._long[0, word[0]] | self._long[1, word[1]]
                forms |= {known.rstrip("*") for known in alike if _is_slip(word, known)}

    def _find(self, typed: _Typed) -> dict[str, list[Span]]:
        """Return where the words of each atom, and of the lists of each use, stand."""
        found = defaultdict(list)
        for start, forms in enumerate(typed.forms):
            keys = {key for form in forms for key in (form, *(f"{form[:end]}*" for end in range(1, len(form) + 1)))}
            for name, words in (one for key in keys for one in self._by_first.get(key, ())):
                end = start + len(words)
                if end <= len(typed.words) and all(
                    any(_fits(form, words[place - start]) for form in typed.forms[place])
                    for place in range(start + 1, end)
                ):
                    found[name].append(Span(start, end, frozenset(range(start, end))))
            if typed.words[start][0].isdigit():
                number = float(typed.words[start])
                for name, (low, high) in self._ranges.items():
                    if low <= number <= high:
                        found[name].append(Span(start, start + 1, frozenset([start])))
        for choice, spans in [*found.items()]:
            for atom in self._atoms_of.get(choice, ()):
                if atom != choice:
                    found[atom] += spans
        return found

    def _questions(self, found: dict[str, list[Span]], typed: _Typed) -> list[tuple[int, int]]:
        """Return where a question about anybody begins, and in which clause what it asks about stands.

        Not what somebody has and asks about: "face drooping, what are the odds of a stroke".
        """
        there = _used(span for span in found[_PRESENT] if typed.words[span.start] not in _IS)
        there |= {place for place, word in enumerate(typed.words) if word in _SOMEBODY}
        questions = []
        for spans in _matches(self._asked, found, typed):
            rest = there - _used(spans)
            if typed.sentences[spans[0].start] not in {typed.sentences[place] for place in rest}:
                questions.append((spans[0].start, typed.clauses[spans[-1].end - 1]))
        return questions

    @staticmethod
    def _tense(
        sign: WarningSign,
        spans: tuple[Span, ...],
        found: dict[str, list[Span]],
        questions: list[tuple[int, int]],
        typed: _Typed,
    ) -> str:
        """Return whether the clause says that it is there now, or that it is over or only asked about, or neither.

        A year, or so long ago, may also be that of an operation. A sign of any time in life is never over.
        """
        places = [place for span in spans for place in span.used]
        clauses = {typed.clauses[place] for place in places}
        if any(start < min(places) and clauses == {clause} for start, clause in questions):
            return _PAST
        # "Since 2015" is no news; since last year may have been since yesterday.
        years = {start for start, _ in typed.past_years() if int(typed.words[start]) < timezone.now().year - 1}
        there = (one for one in found[_PRESENT] if one.end not in years)
        if sign.clock == "ever" or any(typed.clauses[one.start] in clauses for one in there):
            return _PRESENT
        happened = any(word in _HAPPENED and typed.clauses[n] in clauses for n, word in enumerate(typed.words))
        operated = _used(found[_OPERATION])
        for start, end in [*((one.start, one.end) for one in found[_PAST]), *typed.past_years()]:
            is_near = min(abs(start - max(places)), abs(end - 1 - min(places))) <= AROUND
            is_of_operation = any(place in operated for place in range(start - 3, start + 2)) and not happened
            if typed.clauses[start] in clauses and is_near and not is_of_operation:
                return _PAST
        return ""


class _Typed:
    """What somebody typed, as words, each with its sentence and its clause."""

    def __init__(self, text: str):
        self.words, self.sentences, self.clauses = [], [], []
        self.after_comma: set[int] = set()
        """The words that a comma, or a dash, stands before."""
        sentence = clause = 0
        for part in _TOKEN.findall(_plain(text[:LONGEST])):
            if part[0].isalnum():
                clause += part in _BREAKS
                self.words.append(part.replace(",", "."))
                self.sentences.append(sentence)
                self.clauses.append(clause)
            else:
                clause += 1
                sentence += part[0] in ".!?;\n"
                self.after_comma.add(len(self.words))
        # A letter that is held down, as in peeee, may be meant once or twice.
        self.forms = [
            {word, *(re.sub(r"([a-z])\1{2,}", letters, word) for letters in (r"\1", r"\1\1"))} for word in self.words
        ]

    def __len__(self):
        return len(self.words)

    def past_years(self) -> Iterator[tuple[int, int]]:
        """Yield where a year before this one is told as the time of something."""
        this_year = timezone.now().year
        for place, word in enumerate(self.words):
            if len(word) == 4 and word.isdigit() and 1950 <= int(word) < this_year:
                yield place, place + 1


def _readable(line: str) -> Phrase | None:
    """Return a line as a phrase; one from before the language is heard word by word, so that no sign goes unheard."""
    try:
        return parse(line)
    except ValueError:
        words = tuple(word for word in _TOKEN.findall(_plain(line)) if word[0].isalnum())
        return Phrase((words,), is_whole=False, atoms=frozenset(words)) if words else None


def _plain(text: str) -> str:
    """Return a text in small letters, without accents and apostrophes: can’t is cant, fusión is fusion."""
    text = re.sub(r"\bod['’]d\b", "oded", text.lower())  # without its apostrophe it would be another word
    decomposed = unicodedata.normalize("NFKD", re.sub(r"['’‘`´ʼ]", "", text))
    return "".join(one for one in decomposed if not unicodedata.combining(one))


def _used(spans: Iterable[Span]) -> set[int]:
    return {place for span in spans for place in span.used}


def _without(places: set[int], found: dict[str, list[Span]]) -> dict[str, list[Span]]:
    """Return what was found apart from some words."""
    if not places:
        return found
    rest = {name: [span for span in spans if not span.used & places] for name, spans in found.items()}
    return defaultdict(list, {name: spans for name, spans in rest.items() if spans})


def _fits(form: str, word: str) -> bool:
    return form.startswith(word[:-1]) if word.endswith("*") else form == word


def _is_slip(word: str, known: str) -> bool:
    """Whether a word is one slip away: a letter left out, one too many, another one, or two in the wrong order."""
    stem = known.rstrip("*")
    words = {word[: len(stem) + more] for more in (-1, 0, 1)} if known.endswith("*") else {word}
    return any(_one_apart(one, stem) for one in words)


def _one_apart(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    one, other = one[start:], other[start:]
    swapped = one[1:2] + one[:1] + one[2:]
    return one[1:] == other[1:] or one[1:] == other or one == other[1:] or swapped == other


def _matches(phrases: Iterable[Phrase], found: dict[str, list[Span]], typed: _Typed) -> Iterator[tuple[Span, ...]]:
    """Yield how phrases stand in what was typed: for each piece, where it stands."""
    for phrase in phrases:
        if phrase.atoms <= found.keys():
            places = [_piece(piece, found, typed) for piece in phrase.pieces]
            for spans in _together(places, typed):
                used = _used(spans)
                if not phrase.is_whole or len(used) == len(typed.words):
                    yield spans


def _piece(atoms: tuple[str, ...], found: dict[str, list[Span]], typed: _Typed) -> list[Span]:
    """Return where a row of atoms stands, each close after the one before and none denied in between."""
    denied = {one.start for one in found.get(_DENIED, ())}
    fillers = _used(found.get(_FILLER, ()))

    def is_next(row, span):
        between = range(row.end, span.start)
        if not 0 <= len(between) <= GAP or span.start < row.end or denied.intersection(between):
            return False
        words = [typed.words[place] for place in between if place not in fillers]
        same_sentence = typed.sentences[row.end - 1] == typed.sentences[span.start]
        return same_sentence and len(words) <= 1 and _BREAKS.isdisjoint(words)

    rows = {(span.start, span.end): span for span in found[atoms[0]]}
    for atom in atoms[1:]:
        pairs = ((row, span) for row in rows.values() for span in found[atom] if is_next(row, span))
        rows = {(row.start, span.end): Span(row.start, span.end, row.used | span.used) for row, span in pairs}
    return [*rows.values()]


def _together(places: list[list[Span]], typed: _Typed) -> Iterator[tuple[Span, ...]]:
    """Yield each choice of one place a piece in which all pieces stand near each other."""
    for spans in itertools.islice(itertools.product(*places), MOST):
        in_order = sorted(spans)
        if all(_is_near(one, other, typed) for one, other in itertools.pairwise(in_order)):
            yield tuple(in_order)


def _is_near(one: Span, other: Span, typed: _Typed) -> bool:
    sentences = typed.sentences[other.start] - typed.sentences[one.end - 1]
    return one.end <= other.start and sentences <= 1 and other.start - one.end + 2 * sentences <= NEAR


def _is_denied(span: Span, denials: set[int], passed: set[int], typed: _Typed) -> bool:
    """Whether a "no" stands before a piece, with only small words and other signs between: no fever or chills."""
    place, is_list = span.start - 1, False
    while place >= 0 and typed.sentences[place] == typed.sentences[span.start]:
        is_list = is_list or place + 1 in typed.after_comma
        if place in denials:
            # "No fever, chest pain" denies only the fever; "no fever, chills, or chest pain" denies all three.
            sentence = zip(typed.words, typed.sentences, strict=True)
            return not is_list or any(word in _OR for word, number in sentence if number == typed.sentences[place])
        if place not in passed:
            return False
        place -= 1
    return False
