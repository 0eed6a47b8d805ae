"""The visit sheet: what to ask and what to bring, with a pain diary and a body to mark, to print for a visit."""

import re
from collections.abc import Iterable

from django.urls import reverse
from django.utils.http import urlencode

from treatments import prose
from treatments.models import Treatment

DAYS = range(1, 8)
_END_OF_ITEM = re.compile(r"(\S)\s*</li>")


def chosen(slugs: Iterable[str], library) -> list[Treatment]:
    """Return the published treatments among these names, in the order of the ladder."""
    named = set(slugs)
    return [one for one in library.treatments if one.slug in named]


def address(treatments: Iterable[Treatment]) -> str:
    """Return the address of the sheet for some treatments, which can be shared."""
    return f"{reverse('visit')}?{urlencode([('t', one.slug) for one in treatments])}"


def preparation(library) -> tuple[list[dict], list[dict]]:
    """Return the sections of the page on preparing: what to bring, and what anybody could ask.

    The sheet has no words of its own for this, so the two cannot disagree. A section that lists nothing but
    questions is one to ask, whatever its heading.
    """
    sections = list(prose.sections(library.page("prepare").body))
    asked = [one for one in sections if set(_END_OF_ITEM.findall(one["html"])) == {"?"}]
    return [one for one in sections if one not in asked], asked
