"""Links inside the site: whether the page they name is there, and how they begin elsewhere."""

import re
from collections.abc import Iterable

from django.conf import settings
from django.urls import Resolver404, resolve

from treatments.models import Content, FaqItem, GlossaryTerm, InfoPage, Treatment

LISTS = {GlossaryTerm: "/glossary/", FaqItem: "/faq/"}
"""The pages on which these stand, each at an anchor of its own."""


def address(model: type[Content], segment: str, family: str = "") -> str:
    """Return the web address of content by its own part of it and that of its family; empty for what has none."""
    # Written out rather than asked of the URL patterns, which refuse the odd addresses that are told elsewhere.
    if model is InfoPage:
        return f"/{segment}/"
    if model is Treatment:
        return f"/treatments/{family}/{segment}/" if family else f"/treatments/{segment}/"
    return f"{LISTS[model]}#{segment}" if model in LISTS else ""


def addresses(content: Iterable[tuple[type[Content], str, str]]) -> set[str]:
    """Return the web addresses of content, each given as for `address`, and that of the home page."""
    return {"/", *(address(model, segment, family) for model, segment, family in content)} - {""}


def is_live(address: str, pages: set[str]) -> bool:
    """Whether a link leads somewhere, when these are the pages that content makes."""
    if not address.startswith("/"):
        return True  # to another place; which kinds are allowed is a rule of the field
    address = re.sub(r"\?[^#]*", "", address)
    if address in pages or address.partition("#")[0] in pages:
        return "#" not in address or not address.startswith(tuple(LISTS.values())) or address in pages
    try:
        # A page that is not content, such as the request form.
        return not resolve(address).captured_kwargs
    except Resolver404:
        return False


def absolute(request, path: str) -> str:
    """Return the full web address of a path, under the site's own name where it has one."""
    return settings.SITE_URL + path if settings.SITE_URL else request.build_absolute_uri(path)
