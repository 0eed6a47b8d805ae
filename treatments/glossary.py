"""Words of the glossary explained in place: the first use of each on a page opens its plain meaning."""

import functools
import re
from collections.abc import Iterable
from html import escape

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from treatments.models import GlossaryTerm

# Never looked into: links, buttons and headings; then single tags, and characters that are written as entities.
_SKIPPED = r"<(a|button|h[1-6])\b.*?</\1>|<[^>]*>|&#?\w+;"
_BUTTON = '<button class="term" type="button" popovertarget="word-{}" data-n="{}">{}</button>'
# Signs that belong to a word, such as a comma or a bracket. A line would break between them and a button.
_OPENING, _CLOSING = re.compile(r"[^\w\s>;]*$"), re.compile(r"[^\w\s<&]*")


class Vocabulary:
    """The words by which pages may name the terms of a glossary, in one pattern that finds the longest first."""

    def __init__(self, terms: Iterable[GlossaryTerm]):
        by_word = {}
        for term in terms:
            for word in _words(term):
                by_word.setdefault(word, term)
        words = sorted(by_word, key=len, reverse=True)
        self._terms = [by_word[word] for word in words]
        any_word = "|".join(f"({_pattern(word)})" for word in words) or "(?!)"
        self._pattern = re.compile(rf"{_SKIPPED}|(?<![\w-])(?:{any_word})(?![\w-])", re.DOTALL)

    def found(self, html: str) -> list[tuple[int, int, GlossaryTerm]]:
        """Return where the running text of some HTML names a term: from, to, and which."""
        return [(start, end, self._terms[index]) for start, end, index in _found(self._pattern, html)]


class Explainer:
    """Explains the words of one page, each where the page first uses it. The page brings its texts in reading order."""

    def __init__(self, library):
        self._library = library
        self.terms: list[GlossaryTerm] = []
        """What was explained so far; the page shows their meanings at its end."""

    @property
    def awaiting(self) -> list[GlossaryTerm]:
        """What was explained by a meaning that no reviewer has signed."""
        return [term for term in self.terms if not term.linked.review.is_reviewed]

    def mark(self, text: str) -> SafeString:
        """Return a text, HTML or plain, as HTML in which the words that are new on the page can be opened."""
        html = conditional_escape(text)
        parts, done = [], 0
        for start, end, term in self._library.vocabulary.found(html):
            if term not in self.terms:
                self.terms.append(term)
                word = mark_safe(html[start:end])  # noqa: S308 - a piece of safe HTML, with no tag in it
                button = format_html(_BUTTON, term.slug, len(self.terms), word)
                before, after = _OPENING.search(html, done, start)[0], _CLOSING.match(html, end)[0]
                if before or after:
                    button = f'<span class="nb">{before}{button}{after}</span>'
                parts += [html[done : start - len(before)], button]
                done = end + len(after)
        return mark_safe("".join([*parts, html[done:]]))  # noqa: S308 - safe HTML and our own buttons


# A text says the same to every reader, and looking through it takes longer than showing it.
@functools.lru_cache(maxsize=4096)
def _found(pattern, html):
    # The first group is the tag of what is skipped; each word has a group of its own after it.
    found = (match for match in pattern.finditer(html) if (match.lastindex or 1) > 1)
    return tuple((*match.span(), match.lastindex - 2) for match in found)


def _words(term):
    """Return what a term goes by: “Facet, joint (FJ)” also by “Facet”, “joint” and “FJ”."""
    bare = re.sub(r"\s*\([^)]*\)", "", term.term)
    words = [term.term, *bare.split(", "), *re.findall(r"\(([^)]*)\)", term.term), *term.also_called]
    unexplained = {word.casefold() for word in term.unexplained}
    return [word for word in words if word.strip() and word.casefold() not in unexplained]


def _pattern(word):
    """Return a pattern for a word and its plural. Capitals matter only in a part that has no other letters."""
    parts = [re.escape(escape(part, quote=False)) for part in word.split()]
    parts[-1] = re.sub("y$", "(?:y|ie)", parts[-1]) + "(?:e?s)?"
    exact = (len(part) > 1 and part.isupper() for part in word.split())
    return r"\s+".join(part if as_is else f"(?i:{part})" for part, as_is in zip(parts, exact, strict=True))
