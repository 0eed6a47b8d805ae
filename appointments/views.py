"""The request form and its confirmation. Both stay out of caches and search engines."""

from django.core import signing
from django.db import DatabaseError, InterfaceError
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from appointments import references
from appointments.forms import EvaluationRequestForm
from appointments.services import submit_evaluation_request
from treatments import library

SALT = "appointments.request_received"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def request_evaluation(request):
    """Show the form; store a valid one and go to its confirmation.

    The confirmation is reached only after the request is committed. When the database is away, the form comes
    back with everything that was typed and with the same submission key, so pressing Send again is safe.
    """
    if request.method != "POST":
        form = EvaluationRequestForm.blank(request.library, request.GET.get("interest"))
        return render(request, "appointments/request_form.html", {"form": form})
    words, away = _library_for_form(request)
    form = EvaluationRequestForm(request.POST, library=words)
    valid = form.is_valid()
    if valid and not away:
        try:
            stored = submit_evaluation_request(privacy_version=words.page("privacy").linked.version, **form.answers())
        except (DatabaseError, InterfaceError):
            away = True
        else:
            token = signing.dumps(stored.reference, salt=SALT)
            return redirect("request_received", token=token)
    context = {"form": form, "library": words, "away": away and valid}
    response = render(request, "appointments/request_form.html", context, status=503 if away and valid else 422)
    if away:
        response.headers["Retry-After"] = "60"
    return response


def _library_for_form(request):
    """Return the words for the form, and whether the database is away."""
    try:
        return library.published(), False
    except (DatabaseError, InterfaceError):
        return library.last_known(), True


@never_cache
@require_safe
def request_received(request, token):
    """Confirm a request by its reference, and by nothing else: who finds this address learns nothing more."""
    try:
        reference = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        raise Http404 from None
    return render(request, "appointments/request_received.html", {"reference": references.display(reference)})
