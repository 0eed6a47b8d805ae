"""The small text format inside content: paragraphs, headings, lists, bold, links, notes. Raw HTML stays text."""

import functools
import re
from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt

_LINK = re.compile(r"\]\(([^)\s]*)\)")

_markdown = MarkdownIt("zero", {"html": False}).enable(
    ["heading", "list", "blockquote", "emphasis", "link", "escape", "entity", "newline"]
)


def _open_note(renderer, tokens, index, options, env):
    return '<div class="note flow">'


def _close_note(renderer, tokens, index, options, env):
    return "</div>"


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
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        yield {"heading": escape(heading), "anchor": slugify(heading), "html": render(body)}


def links(text: str) -> list[str]:
    """Return the addresses of all links in a text."""
    return _LINK.findall(text)


def plain(text: str) -> str:
    """Return the words of a text without its marks, for descriptions and for reading grades."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"^(#+|>|-|\d+\.) +", "", text.replace("**", ""), flags=re.MULTILINE)
