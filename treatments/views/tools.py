"""The tools made of published words: treatments side by side, the sheet for a visit, and the search."""

from itertools import zip_longest

from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.text import get_text_list
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import TemplateView

from treatments import comparison, counting, search, visit


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


# Without the token of a form the page needs no cookie, and there is nothing that another site could make a visitor do:
# a search only reads.
@method_decorator(csrf_exempt, name="dispatch")
# Kept by the browser alone, so that Back from a result leads to the results again, and not to a question whether to
# send the form anew.
@method_decorator(cache_control(private=True), name="dispatch")
@method_decorator(sensitive_post_parameters(), name="dispatch")
class SearchView(TemplateView):
    """Search results. The words are posted: they speak of somebody's health, and addresses are kept in many places."""

    template_name = "treatments/search.html"

    def get(self, request):
        return self.render_to_response(self.get_context_data())

    def post(self, request):
        typed = request.POST.get("q", "").replace("\0", "").strip()
        is_long = len(typed) > search.LONGEST
        exactly = "exactly" in request.POST
        found = search.search(typed, request.library, exactly=exactly) if typed and not is_long else None
        if found and found.is_nothing:
            counting.count_missed(request, typed)
        return self.render_to_response(self.get_context_data(typed=typed, is_long=is_long, found=found))

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            suggestions=search.suggestions(self.request.library), longest=search.LONGEST, **kwargs
        )
