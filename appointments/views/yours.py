"""The page of one request, for whoever sent it: confirmation, status, and the few things that they can change.

The address is a private link. The page shows no name, no answer and no contact detail, because whoever finds the link
in a browser need not be the person.
"""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from appointments import calendars, gate, hearing, limits, services, tracking
from appointments.encryption import Unreadable
from appointments.forms import ChangeContactForm, ChangeTimesForm, FindForm
from appointments.models import EvaluationRequest
from appointments.views.flow import later, private

Status = EvaluationRequest.Status


def secret(view):
    """Keep a page with a private link as its address out of caches, and the address out of what it links to.

    "no-referrer" would also hide from us where a form comes from, and Django would refuse the form.
    """

    @private
    def wrapped(request, token):
        found = tracking.by_token(token)
        if found is None:
            raise Http404
        response = view(request, found)
        response.headers["Referrer-Policy"] = "strict-origin"
        return response

    return wrapped


@secret
@require_safe
def your_request(request, found):
    """Show where a request stands. Right after sending this is the confirmation."""
    attempt = tracking.last_attempt(found)
    context = {
        "found": found,
        "status": tracking.patient_status(found),
        "visit": tracking.visit_of(found),
        "is_new": found.status == Status.NEW,
        "is_open": found.status != Status.CLOSED,
        "received": found.received_at,
        "attempt": attempt and {"at": attempt[0], "words": attempt[1]},
        "has_email": bool(found.email) and not isinstance(found.email, Unreadable),
        "link": request.build_absolute_uri(),
        "changed": "changed" in request.GET,
    }
    return render(request, "appointments/your_request.html", context)


@secret
@require_safe
def calendar(request, found):
    """Give the reply-by date as a file for a calendar. It says nothing else."""
    if not found.reply_by:
        raise Http404
    return _calendar_file(found, calendars.reply_by(found, request.library.clinic))


@secret
@require_safe
def visit_calendar(request, found):
    """Give the agreed evaluation as a file for a calendar: when, with whom and where, and no reason."""
    if not tracking.visit_of(found):
        raise Http404
    return _calendar_file(found, calendars.visit(found, request.library.clinic))


def _calendar_file(found, content):
    headers = {"Content-Disposition": f'attachment; filename="{found.spoken_reference}.ics"'}
    return HttpResponse(content, "text/calendar; charset=utf-8", headers=headers)


@secret
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request, found):
    """Ask once whether to withdraw, and do it."""
    if request.method == "POST":
        services.withdraw(found)
        return redirect("your_request", token=found.tracking_token)
    return render(request, "appointments/withdraw.html", {"found": found, "is_open": found.status != Status.CLOSED})


@secret
@require_http_methods(["GET", "HEAD", "POST"])
def change_contact(request, found):
    """Take new contact details. The old ones are never shown."""
    data = request.POST if request.method == "POST" else None
    form = ChangeContactForm(data, request=found)
    return _change(request, found, form, "How can we reach you now?")


@secret
@require_http_methods(["GET", "HEAD", "POST"])
def change_times(request, found):
    """Take the times at which the sender can be reached."""
    form = ChangeTimesForm(request.POST if request.method == "POST" else None)
    return _change(request, found, form, "When can we reach you?")


def _change(request, found, form, heading):
    if form.is_bound and (stop := hearing.stop(request, form, {"found": found, "form": form})):
        return stop
    if form.is_bound and form.is_valid() and "rewrite" not in request.POST:
        calls = hearing.asks_for_a_call(form.in_own_words.values(), request.library)
        try:
            services.change_by_patient(found, form.values(), needs_same_day_call=calls)
        except services.RefusedError as error:
            form.add_error(None, str(error))
        else:
            return redirect(f"{reverse('your_request', args=[found.tracking_token])}?changed")
    page = {"found": found, "form": form, "heading": heading}
    return render(request, "appointments/change.html", page, status=422 if form.is_bound else 200)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def find(request):
    """Lead to a request by its reference and one detail that only its sender knows.

    A wrong detail and an unknown reference are answered alike, and both count against the limit.
    """
    form = FindForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            if wait := gate.wait_to_look_up(request, typed["reference"]):
                page = {"for_long": wait > limits.LOOK_UP.within.total_seconds()}
                return later(render(request, "appointments/busy.html", page, status=429), wait)
            if found := tracking.by_reference(typed["reference"], typed["proof"]):
                return redirect("your_request", token=found.tracking_token)
            form.add_error(None, "We find no request with these details. Check both, or call us")
    return render(request, "appointments/find.html", {"form": form}, status=status)
