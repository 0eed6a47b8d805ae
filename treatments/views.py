"""The pages to read. Each takes its words from the library of the request and nothing else."""

from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.generic import TemplateView

from treatments.models import Place

# Places that the drawing of the body shows, with their letters.
LETTERS = dict(zip([place for place in Place if place != Place.BODY], "ABCDEFGH", strict=True))

# Information pages that show more than their own text have a template of their own, named by the address.
PAGES_WITH_TEMPLATE = {"faq", "glossary", "sources", "urgent", "evaluation"}


def found(content):
    """Return published content, or raise the 404 of an address that has none."""
    if content is None:
        raise Http404
    return content


class HomeView(TemplateView):
    template_name = "treatments/home.html"

    def get_context_data(self, **kwargs):
        library = self.request.library
        acts = [
            {"place": place, "letter": letter, "treatments": library.acting_on(place)}
            for place, letter in LETTERS.items()
        ]
        body = library.acting_on(Place.BODY)
        page = found(library.page("home"))
        return super().get_context_data(page=page, acts=acts, places=list(LETTERS), acts_on_body=body, **kwargs)


class TreatmentListView(TemplateView):
    template_name = "treatments/treatment_list.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(page=found(self.request.library.page("treatments")), **kwargs)


class TreatmentView(TemplateView):
    """A family, or one procedure of a family; a family without procedures is a treatment by itself."""

    template_name = "treatments/treatment.html"

    def get_context_data(self, slug, **kwargs):
        library = self.request.library
        treatment = found(library.treatment(slug))
        family = treatment.linked.family
        # One address for each treatment: a procedure is found only under its own family.
        if (family.slug if family else None) != kwargs.get("family"):
            raise Http404
        gentler, more_involved = library.neighbours(treatment)
        speakers = [treatment, *treatment.linked.notices]
        notices = {}
        for notice in treatment.linked.notices:
            notices.setdefault(notice.place, []).append(notice)
        return super().get_context_data(
            treatment=treatment,
            parent=family,
            places=[{"place": Place(p), "letter": LETTERS[p]} for p in treatment.acts_on if p in LETTERS],
            notices=notices,
            sources=[one for one in library.sources if any(one in c.linked.sources for c in speakers)],
            gentler=gentler,
            more_involved=more_involved,
        )


class InfoPageView(TemplateView):
    def get(self, request, slug):
        found(request.library.page(slug))
        # These pages have an address of their own.
        if slug in ("home", "treatments"):
            return redirect(reverse(slug), permanent=True)
        return super().get(request, slug=slug)

    def get_template_names(self):
        slug = self.kwargs["slug"]
        return [f"treatments/{slug if slug in PAGES_WITH_TEMPLATE else 'page'}.html"]

    def get_context_data(self, slug, **kwargs):
        return super().get_context_data(page=self.request.library.page(slug), **kwargs)
