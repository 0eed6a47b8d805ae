"""The pages to read. Each takes its words from the library of the request and nothing else."""

from collections.abc import Iterable
from functools import partial
from itertools import zip_longest

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.text import get_text_list
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from treatments import (
    changes,
    comparison,
    counting,
    links,
    llms,
    open_graph,
    preview,
    publishing,
    search,
    sharing,
    status,
    visit,
)
from treatments.models import Page, Place, Treatment, VersionEvent
from treatments.tools import TOOLS

# The letters of the drawing of the body. The whole body, the last of the places, needs none.
LETTERS = dict(zip_longest(Place, "ABCDEFGH", fillvalue=""))

# Information pages that show more than their own text have a template of their own, named by the address.
PAGES_WITH_TEMPLATE = {"faq", "glossary", "sources", "urgent", "evaluation", "prepare"}


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


class TreatmentView(PageView):
    """A family, or one procedure of a family; a family without procedures is a treatment by itself."""

    template_name = "treatments/treatment.html"

    def get_context_data(self, **kwargs):
        library, treatment = self.request.library, self.page
        gentler, more_involved = library.neighbours(treatment)
        statuses = status.of(treatment)
        named = [*treatment.linked.sources, *(source for one in statuses for source in one.sources)]
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


class CompareView(TemplateView):
    """Treatments side by side at an address of their own, and the form that leads to it. Nothing is stored."""

    template_name = "treatments/compare.html"

    def get(self, request, *args, **kwargs):
        asked = list(kwargs.values()) or [slug for slug in request.GET.getlist("t") if slug]
        treatments = comparison.chosen(asked, request.library)
        address = comparison.address(treatments)
        # The form, another order, one twice, and one that is no longer published lead to the one right address.
        if request.path != address.partition("?")[0]:
            return redirect(address)
        if len(treatments) > 1:
            counting.count(request, counting.Subject.COMPARISON, " ".join(one.slug for one in treatments))
        return self.render_to_response(self.get_context_data(treatments=treatments))

    def get_context_data(self, *, treatments):
        is_compared = len(treatments) > 1
        others = [[other for other in treatments if other != one] for one in treatments]
        columns = [(one, comparison.address(rest)) for one, rest in zip(treatments, others, strict=True)]
        labels = ("First", "Second", "Third, if you like")
        return super().get_context_data(
            columns=columns if is_compared else [],
            rows=comparison.table(treatments) if is_compared else [],
            fields=list(zip_longest(labels, treatments)),
            names=get_text_list([one.short_name for one in treatments], "and"),
            visit=visit.address(treatments),
            # Whoever pressed the button has chosen too few; whoever came from a treatment has not yet chosen.
            is_short="go" in self.request.GET and not is_compared,
        )


class VisitView(TemplateView):
    """The sheet to bring to a visit, for the treatments that its address names. Nothing is stored."""

    template_name = "treatments/visit.html"

    def get_context_data(self, **kwargs):
        library = self.request.library
        treatments = visit.chosen(self.request.GET.getlist("t"), library)
        to_bring, to_ask = visit.preparation(library)
        return super().get_context_data(
            treatments=treatments,
            names=get_text_list([one.short_name for one in treatments], "and"),
            to_bring=to_bring,
            to_ask=to_ask,
            days=visit.DAYS,
            **kwargs,
        )


class SiteMapView(TemplateView):
    """Every page there is, in the order of the ladder and of the menus."""

    template_name = "treatments/site_map.html"

    def get_context_data(self, **kwargs):
        listed = [page for page in self.request.library.pages_in_order if page.slug not in ("home", "treatments")]
        others = [tool for tool in TOOLS if tool.get_absolute_url() != self.request.path]
        return super().get_context_data(info_pages=listed, tools=others, **kwargs)


class ChangesView(TemplateView):
    """What changed on the site, day by day."""

    template_name = "treatments/changes.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(changes=changes.recent(self.request.library), **kwargs)


@require_safe
def llms_txt(request):
    text = llms.text(request.library, partial(links.absolute, request))
    return HttpResponse(text, "text/plain; charset=utf-8")


@require_safe
def open_graph_picture(request, kind, name):
    """Serve the picture that a link to a page shows elsewhere. A name of former words leads on to the present ones."""
    slug, _, proof = name.rpartition("-")
    subject = found(open_graph.subject(kind, slug, request.library))
    card = open_graph.card(subject, request.library)
    if proof != card.proof:
        return redirect(open_graph.picture_address(subject, request.library))
    headers = {
        # Its name tells its content, so it never has to be asked for again.
        "Cache-Control": "public, max-age=31536000, immutable",
        "Cross-Origin-Resource-Policy": "cross-origin",  # it is made for other sites
    }
    return HttpResponse(open_graph.draw(card), "image/png", headers=headers)


# Without the token of a form the page needs no cookie, and there is nothing that another site could make a visitor do:
# a search only reads.
@method_decorator(csrf_exempt, name="dispatch")
# Kept by the browser alone, so that Back from a result leads to the results again, and not to a question whether to
# send the form anew.
@method_decorator(cache_control(private=True), name="dispatch")
class SearchView(TemplateView):
    """Search results. The words are posted: they speak of somebody's health, and addresses are kept in many places."""

    template_name = "treatments/search.html"

    def get(self, request):
        return self.render_to_response(self.get_context_data())

    def post(self, request):
        typed = request.POST.get("q", "").replace("\0", "").strip()
        is_long = len(typed) > search.LONGEST
        found = search.search(typed, request.library) if typed and not is_long else None
        if found and found.is_nothing:
            counting.count_missed(request, typed)
        return self.render_to_response(self.get_context_data(typed=typed, is_long=is_long, found=found))

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            suggestions=search.suggestions(self.request.library), longest=search.LONGEST, **kwargs
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
