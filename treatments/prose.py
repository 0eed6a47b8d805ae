"""The small text format inside content: paragraphs, headings, lists, bold, links, notes. Raw HTML stays text.

`render` turns it into what patients read, and `from_html` turns what a rich-text editor made, or what somebody
pasted there, back into it. The two are inverse: whatever `render` made, `from_html` reads as the same text.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.rules_inline import link

LINKS = ("/", "https://", "tel:", "mailto:")

_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_NO_WORD = re.compile(r"\[[\s\]]")
_LINK = re.compile(r"\\.|\]\(\s*<?([^)\s>]*)")


def may_link(address: str) -> bool:
    """Whether a text may link to an address: a page of this site, a safe page elsewhere, a phone, a mailbox."""
    return address.startswith(LINKS) and not address.startswith(("//", "/\\"))


# -- Reading the format ------------------------------------------------------------------------------


def _escape(state, silent):
    """Read a sign of the format that stands for itself. Unlike Markdown's own rule, it makes no line breaks."""
    match = _ESCAPE.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        state.pending += match[1]
    state.pos = match.end()
    return True


def _mark(state, silent):
    """Read two stars. Markdown's own rule would also know one star, and no bold that ends in a full stop mid-word."""
    end = state.pos + 2
    if silent or end > state.posMax or not state.src.startswith("**", state.pos):
        return False
    token = state.push("text", "", 0)
    token.content = token.markup = "**"
    token.meta = {
        "opens": end < state.posMax and not state.src[end].isspace(),
        "closes": state.pos > 0 and not state.src[state.pos - 1].isspace(),
    }
    state.pos = end
    return True


def _link(state, silent):
    """Read a link. It starts with a word: without any nobody would see it."""
    return not _NO_WORD.match(state.src, state.pos, state.posMax) and link(state, silent)


def _pair_marks(state):
    """Make bold of what stands between two marks. A pair never crosses the edge of a link."""
    opener, outside, before = None, None, None
    for token in state.tokens:
        if token.nesting:
            opener, outside = (None, opener) if token.nesting == 1 else (outside, None)
        elif token.markup == "**" and not opener:
            opener = token if token.meta["opens"] else None
        elif token.markup == "**" and token.meta["closes"] and before is not opener:
            for one, kind, nesting in ((opener, "strong_open", 1), (token, "strong_close", -1)):
                one.type, one.tag, one.nesting, one.content = kind, "strong", nesting, ""
            opener = None
        before = token


def _tidy(state):
    """Leave one way to say a thing: no empty parts, two levels of headings, lists without air, bare links."""
    state.tokens = _without_empty(state.tokens)
    paragraph = opened = None
    for before, token in zip([None, *state.tokens], state.tokens, strict=False):
        if token.type.startswith("heading"):
            token.tag = "h2" if token.tag in ("h1", "h2") else "h3"
        elif token.type == "paragraph_open":
            token.hidden = bool(before) and before.type == "list_item_open"
            paragraph = token
        elif token.type == "paragraph_close":
            token.hidden = paragraph.hidden
        for child in token.children or ():
            if child.type == "link_open":
                opened = child
                opened.attrs = {"href": opened.attrs["href"]}
            if child.type in ("link_open", "link_close"):
                child.hidden = not opened.attrs["href"]


def _without_empty(tokens):
    kept = []
    for token in tokens:
        if token.children is not None:
            token.children = _without_empty(token.children)
            if not any(child.content.strip() for child in token.children):
                continue
        if token.nesting == -1 and kept and kept[-1].nesting == 1:
            kept.pop()
        else:
            kept.append(token)
    return kept


def _open_note(renderer, tokens, index, options, env):
    return '<div class="note flow">'


def _close_note(renderer, tokens, index, options, env):
    return "</div>"


_markdown = MarkdownIt("zero", {"html": False, "breaks": True}).enable(["heading", "list", "blockquote", "newline"])
_markdown.validateLink = may_link
_markdown.inline.ruler.push("sign", _escape)
_markdown.inline.ruler.push("mark", _mark)
_markdown.inline.ruler.push("words", _link)
_markdown.inline.ruler2.before("fragments_join", "marks", _pair_marks)
_markdown.core.ruler.push("tidy", _tidy)
_markdown.add_render_rule("blockquote_open", _open_note)
_markdown.add_render_rule("blockquote_close", _close_note)


# The words of a page change far less often than it is read; the cache holds several sites of this size.
@functools.lru_cache(maxsize=4096)
def render(text: str) -> SafeString:
    """Return the HTML of a text. Every character of the text itself is escaped."""
    return mark_safe(_markdown.render(text))  # noqa: S308 - markdown-it escapes it


@functools.lru_cache(maxsize=4096)
def render_inline(text: str) -> SafeString:
    """Return the HTML of one short text, without a paragraph around it."""
    return mark_safe(_markdown.renderInline(text))  # noqa: S308 - markdown-it escapes it


def sections(text: str) -> Iterator[dict]:
    """Yield {"heading", "anchor", "html"} for each `## Heading` of a text; words before the first have no heading."""
    parts = re.split(r"^## +(.+)$", text, flags=re.MULTILINE)
    if parts[0].strip():
        yield {"heading": "", "anchor": "", "html": render(parts[0])}
    for heading, body in zip(map(plain, parts[1::2]), parts[2::2], strict=True):
        yield {"heading": escape(heading), "anchor": slugify(heading), "html": render(body)}


def links(text: str) -> list[str]:
    """Return the addresses of all links in a text."""
    return [match[1] for match in _LINK.finditer(text) if match[1] is not None]


def plain(text: str) -> str:
    """Return the words of a text without its marks, for descriptions and for reading grades."""
    # Signs that stand for themselves are out of the way, as characters nobody types, while the others go.
    text = _ESCAPE.sub(lambda match: chr(0xE000 + ord(match[1])), text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^(#+|>|-|\d+\.) +", "", text.replace("**", ""), flags=re.MULTILINE)
    return re.sub(r"[\ue000-\ue07f]", lambda match: chr(ord(match[0]) - 0xE000), text)


@functools.lru_cache(maxsize=4096)
def one_line(text: str) -> str:
    """Return the words of a text without its marks and in one line, for whoever knows no paragraphs."""
    return " ".join(plain(text).split())


# -- Writing the format ------------------------------------------------------------------------------

_HEADINGS = {"h1": "## ", "h2": "## ", "h3": "### ", "h4": "### ", "h5": "### ", "h6": "### "}
_LISTS = {"ul", "ol"}
_NESTING = {*_LISTS, "li", "blockquote", "div"}
# How many levels deeper the parser of the format is inside each; with a list comes its item.
_LEVELS = {"ul": 2, "ol": 2, "li": 0, "note": 1}
_MARKS = {"a", "b", "strong", "span"}
_DROPPED = {"head", "script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math", "xml"}
_BLOCKS = {"p", "div", "ul", "ol", "li", "blockquote", "table", "tr", "td", "th", "caption", "dl", "dt", "dd", "pre"}
_BLOCKS |= {"address", "article", "aside", "details", "summary", "figure", "figcaption", "footer", "header", "main"}
_BLOCKS |= {"nav", "section", "form", "fieldset", "center", "hr", "br", *_HEADINGS}

_NO_TAG = re.compile(r"<!--.*?(?:-->|$)|<[!?][^>]*(?:>|$)", re.DOTALL)
_WEIGHT = re.compile(r"(?<![\w-])font-weight:\s*([a-z]+|\d+)")  # Word has weights of its own, with longer names
_SOURCE_LINE_END = re.compile(r"[ \t\r\f]*\n[ \t\r\n\f]*")
_SIGNS = re.compile(r"[\\*\[\]]")
_ESCAPED = r"\\\g<0>"
_ADDRESS_SIGNS = re.compile(r"[\\()<>&]")
# What a line may not begin with to be read as words. Content files refuse the three hyphens.
_LINE_START = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=(?:#{1,6}|[-+*])(?:\s|$)|>|---$))", re.MULTILINE)
_HEADING_END = re.compile(r"(?:(?<=\s)|^)(?=#+$)")
_DEEPEST = 20  # levels at which the parser of the format stops reading
_LONGEST = 20_000  # characters of a paragraph; in one that no person writes, every sign is escaped


def from_html(html: str) -> str:
    """Return HTML, of an editor or pasted from anywhere, as a text of the small format."""
    return _write(_Reader(html).parts[0].children)


def lines_from_html(html: str) -> list[str]:
    """Return HTML as short texts for `render_inline`: one of each paragraph, heading or part of a list."""
    return _Reader(html, lines=True).parts[0].children


class _Part:
    """A piece of a text that holds others: the whole, a list, its items, a note; in a paragraph bold or a link."""

    def __init__(self, kind, *, start=1, href=""):
        self.kind, self.start, self.href = kind, start, href
        self.children = []


class _Reader(HTMLParser):
    """Finds the parts of a text in HTML; paragraphs and headings arrive there as they are to be written.

    It goes through tag soup once and keeps no tree of it, so that no input, however deep, takes long.
    """

    def __init__(self, html, *, lines=False):
        super().__init__()
        self._lines = lines
        self._prefix = ""
        self._dropping = ""  # the tag whose content is left out
        self._level = 0
        self._blocks, self._open = [], Counter()  # tags that may hold parts, each with its own part or None
        self.parts = [_Part("text")]
        self._tags = {tag: [] for tag in _MARKS}  # of each open tag its mark, or None
        self._marks = []
        self._begin_paragraph()
        # A tag without an end, and what is no tag, would each be searched for again and again.
        html, end, rest = _NO_TAG.sub("", html).rpartition(">")
        self.feed(html + end + rest.replace("<", "&lt;"))
        self.close()
        self._end_paragraph()

    def handle_starttag(self, tag, attrs):
        if self._dropping:
            return
        if tag in _DROPPED:
            self._dropping = tag
        elif tag in _MARKS:
            self._begin_mark(tag, {name: value or "" for name, value in attrs})
        elif tag == "br" and self._prefix:
            self.handle_data(" ")
        elif tag == "br" and not self._at_start and not self._lines:
            self._inline[-1].children.append("\n")
            self._at_start = True
        elif tag in _BLOCKS:
            self._end_paragraph()
            self._prefix = "" if self._lines else _HEADINGS.get(tag, "")
            if tag in _NESTING:
                self._begin_block(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag):
        if self._dropping:
            self._dropping = "" if tag == self._dropping else self._dropping
        elif tag in _MARKS:
            self._end_mark(tag)
        elif tag in _BLOCKS:
            self._end_paragraph()
            self._prefix = ""
            self._end_block(tag)

    def handle_data(self, data):
        words = _SOURCE_LINE_END.sub(" ", data)
        if self._at_start:
            words = words.lstrip(" \t")
        if words and not self._dropping:
            self._inline[-1].children.append(words)
            self._at_start = False

    def _begin_mark(self, tag, attrs):
        href = re.sub(r"\s", lambda match: quote(match[0]), attrs.get("href", "").strip())
        weight = _WEIGHT.search(attrs.get("style", "").lower())
        bold = weight[1] in ("bold", "600", "700", "800", "900") if weight else tag in ("b", "strong")
        mark = _Part("link", href=href) if may_link(href) else _Part("bold") if bold else None
        if mark and mark.kind in [part.kind for part in self._marks]:
            mark = None
        self._tags[tag].append(mark)
        if mark:
            self._marks.append(mark)
            self._continue_mark(mark)

    def _end_mark(self, tag):
        if self._tags[tag] and (mark := self._tags[tag].pop()):
            place = self._marks.index(mark)
            del self._marks[place], self._inline[place + 1 :]
            for other in self._marks[place:]:
                self._continue_mark(other)

    def _continue_mark(self, mark):
        part = _Part(mark.kind, href=mark.href)
        self._inline[-1].children.append(part)
        self._inline.append(part)

    def _begin_paragraph(self):
        self._inline, self._at_start = [_Part("paragraph")], True
        for mark in self._marks:
            self._continue_mark(mark)

    def _end_paragraph(self):
        if self._inline[0].children:
            if words := _write_words(self._inline[0], self._prefix, self._lines):
                self._add(words)
            self._begin_paragraph()

    def _begin_block(self, tag, attrs):
        """Open a list, an item or a note, if that is what the tag is and the format goes that deep."""
        if tag == "li" and self.parts[-1].kind == "li":
            self._end_block("li")
        note = tag == "blockquote" or (tag == "div" and "note" in attrs.get("class", "").split())
        kind, part = "note" if note else tag, None
        in_list = self.parts[-1].kind in _LISTS
        fits = kind in _LEVELS and self._level + _LEVELS[kind] < _DEEPEST and not self._lines
        if fits and (in_list or kind != "li"):
            start = attrs.get("start", "")
            part = _Part(kind, start=int(start) if re.fullmatch("[0-9]{1,8}", start) else 1)
            self._add(part)
            self.parts.append(part)
            self._level += _LEVELS[kind]
        self._blocks.append((tag, part))
        self._open[tag] += 1

    def _end_block(self, tag):
        while self._open[tag]:
            ended, part = self._blocks.pop()
            self._open[ended] -= 1
            if part:
                self.parts.pop()
                self._level -= _LEVELS[part.kind]
            if ended == tag:
                break

    def _add(self, part):
        holder = self.parts[-1]
        if holder.kind in _LISTS and getattr(part, "kind", "") != "li":
            # Lists right inside lists, as old programs write them, belong to the item before.
            if not holder.children:
                holder.children.append(_Part("li"))
            holder = holder.children[-1]
        holder.children.append(part)


def _write_words(paragraph, prefix, lines):
    plain = _write_line(paragraph, prefix, escaped=False)
    if not _SIGNS.search(plain):
        return plain
    # Most signs mean nothing where they stand, and a text without escapes is easier to read.
    escaped = _write_line(paragraph, prefix, escaped=True)
    parse = _markdown.renderInline if lines else _markdown.render
    same = len(plain) < _LONGEST and parse(plain) == parse(escaped)
    # What only looks like a link is none to patients, but it is a mistake to who checks the links of a text.
    return plain if same and len(links(plain)) == len(links(escaped)) else escaped


def _write_line(paragraph, prefix, escaped):
    words = _write_inline(paragraph, escaped).strip()
    if prefix and words:
        return prefix + _HEADING_END.sub(r"\\", words, count=1)
    return _LINE_START.sub(r"\1\\", re.sub(" +\n", "\n", words))


def _write_inline(part, escaped):
    words = []
    for child in part.children:
        if isinstance(child, str):
            words.append(_SIGNS.sub(_ESCAPED, child) if escaped else child)
            continue
        inner = _write_inline(child, escaped)
        if core := inner.strip():
            before, _, after = inner.partition(core)
            address = _ADDRESS_SIGNS.sub(_ESCAPED, child.href) if escaped else child.href
            inner = before + (f"**{core}**{after}" if child.kind == "bold" else f"[{core}{after}]({address})")
        words.append(inner)
    return "".join(words)


def _write(parts, in_item=False):
    text, before, other_mark = "", None, False
    for part in parts:
        # Two lists in a row take different marks, or they would be one.
        other_mark = getattr(part, "kind", "") == getattr(before, "kind", None) and not other_mark
        words = part if isinstance(part, str) else _write_part(part, other_mark)
        if not words:
            continue
        if text:
            follows = in_item and isinstance(before, str) and not isinstance(part, str)
            text += "\n" if follows and part.kind in _LISTS and part.start == 1 else "\n\n"
        text += words
        before = part
    return text


def _write_part(part, other_mark):
    if part.kind == "note":
        words = _write(part.children)
        return words and "\n".join(f"> {line}" if line else ">" for line in words.split("\n"))
    items = [words for item in part.children if (words := _write(item.children, in_item=True))]
    if part.kind == "ul":
        marks = ["* " if other_mark else "- "] * len(items)
    else:
        marks = [f"{number}{')' if other_mark else '.'} " for number in range(part.start, part.start + len(items))]
    return "\n".join(
        mark + re.sub(r"\n(?!\n)", "\n" + " " * len(mark), words) for mark, words in zip(marks, items, strict=True)
    )
