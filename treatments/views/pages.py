"""The pages to read. Each takes its words from the library of the request and nothing else."""

from collections.abc import Iterable
from itertools import zip_longest

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from treatments import comparison, counting, preview, publishing, sharing, status
from treatments.models import Page, Place, Treatment, VersionEvent

# The letters of the drawing of the body. The whole body, the last of the places, needs none.
LETTERS = dict(zip_longest(Place, "ABCDEFGH", fillvalue=""))

# Information pages that show more than their own text have a template of their own, named by the address.
PAGES_WITH_TEMPLATE = {"faq", "glossary", "sources", "urgent", "evaluation", "prepare", "en-espanol"}


def acts(treatments: list[Treatment], places: Iterable[str]) -> list[dict]:
    """Return each place in the body with its letter and the treatments among these that act there."""
    return [
        {"place": place, "letter": LETTERS[place], "treatments": [one for one in treatments if place in one.acts_on]}
        for place in Place
        if place in places
    ]


def found(content):
    """Return published content, or raise the 404 of an address that has none."""
    if content is None:
        raise Http404
    return content


class PageView(TemplateView):
    """A page of published words, found by its web address. One that it had before leads on to the present one."""

    page: Page

    def get(self, request, *args, **kwargs):
        self.page = request.library.at(request.path)
        if self.page:
            counting.count(request, counting.Subject.PAGE, f"{self.page.kind()}:{self.page.slug}")
            return super().get(request, *args, **kwargs)
        response = redirect(found(request.library.former.get(request.path)), permanent=True)
        # Browsers keep permanent redirects for good unless told otherwise, and a page may move back.
        response.headers["Cache-Control"] = "no-cache"
        return response

    def get_context_data(self, **kwargs):
        return super().get_context_data(page=self.page, **kwargs)


class HomeView(PageView):
    template_name = "treatments/home.html"

    def get_context_data(self, **kwargs):
        procedures = [one for one in self.request.library.treatments if not one.linked.procedures]
        return super().get_context_data(acts=acts(procedures, Place), shown=list(Place), **kwargs)


class TreatmentListView(PageView):
    template_name = "treatments/treatment_list.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(bars=max(Treatment.Reach), most=comparison.MOST, **kwargs)


class TreatmentView(PageView):
    """A family, or one procedure of a family; a family without procedures is a treatment by itself."""

    template_name = "treatments/treatment.html"

    def get_context_data(self, **kwargs):
        library, treatment = self.request.library, self.page
        gentler, more_involved = library.neighbours(treatment)
        statuses = {one.name: one for one in status.of(treatment)}
        named = [*treatment.linked.sources, *(source for one in statuses.values() for source in one.sources)]
        named += [source for notice in treatment.linked.notices for source in notice.linked.sources]
        notices = {}
        for notice in treatment.linked.notices:
            notices.setdefault(notice.place, []).append(notice)
        return super().get_context_data(
            treatment=treatment,
            parent=treatment.linked.family,
            step=1 + library.families.index(treatment) if treatment in library.families else None,
            acts=acts(treatment.linked.procedures, treatment.acts_on),
            notices=notices,
            status=statuses,
            sources=[one for one in library.sources if one in named],
            gentler=gentler,
            more_involved=more_involved,
        )


@require_safe
def shared_draft(request, token):
    """Show a version to somebody with a share link. A link that is wrong, ended or too old all look alike."""
    version = sharing.version_of(token)
    if answer := version and preview.response(request, version):
        publishing.log(version, VersionEvent.Action.OPENED, by=None)
    else:
        answer = render(request, "treatments/share_link_ended.html", status=404)
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


class InfoPageView(PageView):
    def get_template_names(self):
        return [f"treatments/{self.page.slug if self.page.slug in PAGES_WITH_TEMPLATE else 'page'}.html"]
