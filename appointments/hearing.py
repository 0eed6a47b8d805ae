"""Warning signs in what somebody writes into a request: told once, with what each needs, before it is kept.

Nobody is kept from going on, and what was heard is stored nowhere: it is heard again in the words themselves when they
are sent, and then only that the clinic calls on the same day is kept.
"""

from collections.abc import Iterable

from django.shortcuts import render

from treatments.forms import QuestionForm
from treatments.library import Library
from treatments.models import WarningSign

CALLS = {*WarningSign.Level.values} - {WarningSign.Level.THIS_WEEK}
"""The levels with which the clinic calls on the same day, also after an emergency: to ask whether help has come."""
_APART = "\n\n\n"  # so that words of one field make no sign with words of another


def signs(texts: Iterable[str], library: Library) -> list[WarningSign]:
    """Return the warning signs that texts speak of as being there now, the most urgent first."""
    return [heard.sign for heard in library.detector.hear(_APART.join(texts)) if not heard.is_past]


def asks_for_a_call(texts: Iterable[str], library: Library) -> bool:
    """Whether texts speak of a sign with which the clinic calls on the same day."""
    return any(sign.level in CALLS for sign in signs(texts, library))


def stop(request, form: QuestionForm, page: dict, *, known: dict | None = None):
    """Return the page that tells of signs in what was typed anew, or None when they were told or there are none.

    `known` is what was typed before, by field: going through the answers again stops nobody a second time. The page
    carries all that was typed in its form, so it needs neither script nor database.
    """
    if "rewrite" in request.POST:
        return None
    new = [text for name, text in form.in_own_words.items() if text != (known or {}).get(name)]
    found = signs(new, request.library)
    told = request.POST.getlist("told")
    if all(sign.slug in told for sign in found):
        return None
    ours = {"csrfmiddlewaretoken", "told"}
    carried = [(name, one) for name, values in request.POST.lists() if name not in ours for one in values]
    calls = any(sign.level in CALLS for sign in found)
    page = page | {"signs": found, "carried": carried, "calls": calls, "number": None}  # it is no step of its own
    return render(request, "appointments/heard.html", page)
