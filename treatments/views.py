"""The pages to read. Each takes its words from the library of the request and nothing else."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from treatments import preview, publishing, sharing
from treatments.models import Page, Place, VersionEvent

# Places that the drawing of the body shows, with their letters.
LETTERS = dict(zip([place for place in Place if place != Place.BODY], "ABCDEFGH", strict=True))

# Information pages that show more than their own text have a template of their own, named by the address.
PAGES_WITH_TEMPLATE = {"faq", "glossary", "sources", "urgent", "evaluation"}


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
        library = self.request.library
        acts = [
            {"place": place, "letter": letter, "treatments": library.acting_on(place)}
            for place, letter in LETTERS.items()
        ]
        body = library.acting_on(Place.BODY)
        return super().get_context_data(acts=acts, places=list(LETTERS), acts_on_body=body, **kwargs)


class TreatmentListView(PageView):
    template_name = "treatments/treatment_list.html"


class TreatmentView(PageView):
    """A family, or one procedure of a family; a family without procedures is a treatment by itself."""

    template_name = "treatments/treatment.html"

    def get_context_data(self, **kwargs):
        library, treatment = self.request.library, self.page
        gentler, more_involved = library.neighbours(treatment)
        speakers = [treatment, *treatment.linked.notices]
        notices = {}
        for notice in treatment.linked.notices:
            notices.setdefault(notice.place, []).append(notice)
        return super().get_context_data(
            treatment=treatment,
            parent=treatment.linked.family,
            step=1 + library.families.index(treatment) if treatment in library.families else None,
            places=[{"place": Place(p), "letter": LETTERS[p]} for p in treatment.acts_on if p in LETTERS],
            notices=notices,
            sources=[one for one in library.sources if any(one in c.linked.sources for c in speakers)],
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
