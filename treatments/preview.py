"""Showing words that are not public exactly as patients would see them: same address, same view, same template."""

import copy

from django.urls import resolve, reverse

from treatments import library
from treatments.models import (
    ClinicSettings,
    Content,
    FaqItem,
    FinderRule,
    GlossaryTerm,
    InfoPage,
    Picture,
    Reference,
    SafetyNotice,
    Signpost,
    Synonym,
    Treatment,
    Version,
    WarningSign,
    WordList,
)

LIST_PAGES = {FaqItem: "faq", GlossaryTerm: "glossary", WarningSign: "urgent", Reference: "sources"}


def library_with(version: Version) -> library.Library:
    """Return the published library as it would be with the words of a version."""
    return library.published().with_record(version.kind, version.content_id, version.record, number=version.number)


def address(content: Content, words: library.Library) -> str | None:
    """Return the address of the page on which patients meet this content, or None when no page shows it."""
    if isinstance(content, Treatment | InfoPage):
        return content.get_absolute_url()
    if isinstance(content, ClinicSettings):
        return reverse("home")
    if isinstance(content, Signpost | Synonym | WordList):
        return reverse("search")
    if isinstance(content, FinderRule):
        return reverse("finder_rules")
    if page := LIST_PAGES.get(type(content)):
        return reverse("page", args=[page])
    pages = [*words.treatments, *words.pages]
    if isinstance(content, SafetyNotice):
        showing = (page for page in pages if content in getattr(page.linked, "notices", []))
    elif isinstance(content, Picture):
        showing = (page for page in pages if page.linked.picture == content)
    return next((page.get_absolute_url() for page in showing), None)


def response(request, version: Version):
    """Return the page that shows a version, or None when no page would show it.

    The page is kept out of caches and search engines, and says that it is a draft.
    """
    words = library_with(version)
    content = words.get(version.kind, version.record["slug"])
    path = address(content, words) if content else None
    if path is None:
        return None
    view, args, kwargs = resolve(path)
    request = copy.copy(request)
    request.method = "GET"
    request.path = request.path_info = path
    request.library = words
    request.shown_version = version
    answer = view(request, *args, **kwargs)
    if hasattr(answer, "render"):
        answer.render()
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Cache-Control"] = "no-store"
    return answer
