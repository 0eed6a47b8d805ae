"""The pages of the finder. Its answers are health information: they travel in the bodies of forms, and stay nowhere."""

from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django.views.generic import TemplateView

from treatments import counting, finder, schedule
from treatments.forms import FinderForm, WarningSignsForm, minutes
from treatments.models import WarningSign

SAFETY, RESULT = "safety", "result"
"""The first page and the last; between them each question has its own."""


class StartView(TemplateView):
    """What the finder does, what it does not do, and what becomes of the answers."""

    template_name = "treatments/finder/start.html"

    def get_context_data(self, **kwargs):
        asked = len(finder.questions(self.request.library))
        return super().get_context_data(questions=asked, minutes=minutes(asked + len([SAFETY])), **kwargs)


class RulesView(TemplateView):
    """Every rule in words: what it shows for which answer, why, and who has signed it."""

    template_name = "treatments/finder/rules.html"

    def get_context_data(self, **kwargs):
        words = self.request.library
        rules = [(finder.QUESTIONS[question], finder.offered(question, words)) for question in finder.questions(words)]
        return super().get_context_data(rules=rules, **kwargs)


@csrf_exempt
@sensitive_post_parameters()
@cache_control(private=True)
@require_http_methods(["GET", "HEAD", "POST"])
def questions(request):
    """Check for warning signs, ask the questions, one a page, and show what the answers lead to.

    What was chosen so far is in the body of each form, so in no address and no log of addresses. Nothing is stored, and
    there is no cookie; a token against forged forms would need one, and guards nothing here, because the page only
    reads. The person's own browser may keep the pages, so that Back finds the one before without sending it again.

    The last words known will do: warning signs are answered with or without the database.
    """
    schedule.is_away(request)
    library, data = request.library, request.POST
    answers = finder.answers(data, library)
    page = {"answers": answers, "changing": "changing" in data}
    asked = data.get("asked")
    if asked == SAFETY:
        form = WarningSignsForm(data, library=library)
        if not form.is_valid():
            return _safety(request, form, page)
        if form.chosen:
            return _signs(request, form, page)
    elif asked in finder.questions(library):
        form = FinderForm(data, question=asked, library=library)
        if "skip" in data:
            answers[asked] = []
        elif not form.is_valid():
            return _question(request, form, page)
    return _page(request, data.get("show"), page)


def _page(request, name, page):
    library = request.library
    if name == RESULT:
        return _result(request, page)
    if name in finder.questions(library):
        return _question(request, FinderForm(initial=page["answers"], question=name, library=library), page)
    return _safety(request, WarningSignsForm(library=library), page)


def _safety(request, form, page):
    return _ask(request, "safety", SAFETY, form, page)


def _question(request, form, page):
    return _ask(request, "question", form.question, form, page)


def _ask(request, template, name, form, page):
    steps = [SAFETY, *finder.questions(request.library), RESULT]
    number = 1 + steps.index(name)
    around = (RESULT, RESULT) if page["changing"] else (steps[number - 2] if number > 1 else "", steps[number])
    page |= {"form": form, "asked": name, "number": number, "total": len(steps) - 1, "bones": range(1, len(steps))}
    page |= {"back": around[0], "next": around[1], "is_last": around[1] == RESULT}
    return render(request, f"treatments/finder/{template}.html", page, status=422 if form.errors else 200)


def _signs(request, form, page):
    """Tell what to do about warning signs. They are in no form of the page that follows: they end here."""
    page |= {
        "signs": form.chosen,
        "crisis": WarningSign.Level.CRISIS_LINE in form.levels,
        "same_day": WarningSign.Level.SAME_DAY in form.levels,
        "next": next(iter(finder.questions(request.library)), RESULT),
    }
    return render(request, f"treatments/finder/{'stop' if form.is_emergency else 'advice'}.html", page)


def _result(request, page):
    library = request.library
    found = finder.result(page["answers"], library)
    if not page["changing"]:  # who changes an answer has been counted with the others
        chosen = [rule for rule in library.finder_rules if rule.slug in page["answers"][rule.question]]
        counting.count(request, counting.Subject.ANSWER, *(f"{rule.kind()}:{rule.slug}" for rule in chosen))
    page |= {
        "result": found,
        "first": found.options[: finder.FIRST],
        "more": found.options[finder.FIRST :],
        "in_words": finder.in_words(page["answers"], library),
        "back": next(reversed(finder.questions(library)), SAFETY),
        "evaluation": library.page("evaluation"),
    }
    return render(request, "treatments/finder/result.html", page)
