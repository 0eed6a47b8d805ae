"""Turning the small text format into HTML inside templates."""

from functools import partial

from django import template
from django.contrib.humanize.templatetags.humanize import apnumber

from treatments import links, spanish
from treatments import open_graph as link_preview
from treatments import prose as text_format
from treatments import structured_data as machine_words
from treatments.models import Page

register = template.Library()
register.filter("weekday_in_spanish", spanish.weekday)
register.filter("day_in_spanish", spanish.day)
register.filter("time_in_spanish", spanish.time)


@register.filter
def prose(text):
    """The HTML of a longer text."""
    return text_format.render(text)


@register.filter
def inline(text):
    """The HTML of a short text, such as one item of a list."""
    return text_format.render_inline(text)


@register.filter
def sections(text):
    """The sections of a page's body."""
    return list(text_format.sections(text))


@register.filter
def in_words(number):
    """A number below ten in words, as running text has it."""
    return apnumber(number)


@register.filter
def plain(text):
    """The words of a text without any marks."""
    return text_format.plain(text)


@register.simple_tag(takes_context=True)
def explain(context, text):
    """A running text in which the words of the glossary can be opened, each where the page first uses it."""
    # The page of the glossary itself explains them all.
    is_glossary = getattr(context.get("page"), "slug", "") == "glossary"
    return text if is_glossary else context["explained"].mark(text)


@register.simple_tag(takes_context=True)
def review(context, content):
    """How far the words of a page are medically reviewed."""
    return context["library"].review(content)


@register.simple_tag(takes_context=True)
def canonical(context):
    """The full address of this page, without what follows a question mark."""
    return links.absolute(context["request"], context["request"].path)


def _page(context) -> Page | None:
    """The content that a page is made of, if it is one of a kind."""
    page = context.get("page")
    return page if isinstance(page, Page) else None


@register.simple_tag(takes_context=True)
def open_graph(context):
    """What a link to this page shows elsewhere."""
    return link_preview.words(context["request"], _page(context))


@register.simple_tag(takes_context=True)
def structured_data(context):
    """What this page says, for machines; nothing for a page that is not content."""
    if not (page := _page(context)):
        return ""
    absolute = partial(links.absolute, context["request"])
    return machine_words.script(machine_words.of_page(page, context["library"], absolute))
