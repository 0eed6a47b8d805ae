"""Who looked: who saw which request, when and from where, and what was done with it."""

import datetime
import re

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from appointments import access, references, spreadsheet
from appointments.business_days import midnight
from appointments.desk import frame, queue
from appointments.desk.forms import DayInput, PlainForm
from appointments.desk.request import BY, what_was_done
from appointments.models import Access, EvaluationRequest, RequestEvent

LINES = 50
"""Lines of the report on one page."""
MOST = 20
"""Requests that a search may lead to. With more it was no search for one person."""
PAGE = "who looked"
"""How this page is named on record."""


class Filters(PlainForm):
    """Which lines to show. None of it says who a patient is, so it may stand in an address."""

    since = forms.DateField(label="From", required=False, widget=DayInput)
    until = forms.DateField(label="Until", required=False, widget=DayInput)
    by = forms.ChoiceField(label="Who", required=False)
    kind = forms.ChoiceField(label="What", required=False, choices=[("", "Everything"), *Access.Kind.choices])
    reference = forms.CharField(label="Reference of a request", required=False, max_length=MOST * 12)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs, use_required_attribute=False)
        self.fields["by"].choices = [("", "Everybody"), *((name, BY.get(name, name)) for name in _everybody())]
        # The browser sends nothing else: a name typed here would stand in the address.
        pattern = r"[\s,;]*([A-Za-z]{2}[0-9][\- ]?[A-Za-z]{2}[0-9][\- ]?[A-Za-z]{2}[\s,;]*)+"
        hint = {"pattern": pattern, "title": "For example CF4-HK7-PR", "autocomplete": "off", "spellcheck": "false"}
        self.fields["reference"].widget.attrs |= hint

    def clean_reference(self):
        typed = references.normal(self.cleaned_data["reference"])
        found = re.findall(".{8}", typed)
        if len(typed) % 8 or not all(map(references.is_one, found)):
            raise forms.ValidationError("A reference looks like this: CF4-HK7-PR.")
        return found[:MOST]

    def lines(self, clinic):
        """Return the chosen lines, the latest first. Days are days at the clinic."""
        chosen, values = Access.objects.all(), self.cleaned_data
        if values["since"]:
            chosen = chosen.filter(at__gte=midnight(values["since"], clinic))
        if values["until"]:
            chosen = chosen.filter(at__lt=midnight(values["until"] + datetime.timedelta(days=1), clinic))
        if values["by"]:
            chosen = chosen.filter(by=values["by"])
        if values["kind"]:
            chosen = chosen.filter(kind=values["kind"])
        if values["reference"]:
            chosen = chosen.filter(references__overlap=values["reference"])
        return chosen


def _everybody():
    """Return everybody who looked at something."""
    return Access.objects.exclude(by="").order_by("by").values_list("by", flat=True).distinct()


@require_GET
def looked(request):
    """Show who looked at requests; and where one is chosen by its reference, also what was done with it."""
    frame.require(request, "export")
    form = Filters(request.GET)
    context = {"form": form}
    if form.is_valid():
        chosen = form.cleaned_data["reference"]
        lines = Paginator(form.lines(request.library.clinic), LINES).get_page(request.GET.get("page"))
        query = request.GET.copy()
        query.pop("page", None)
        context |= {
            "lines": lines,
            "rows": list(_rows(lines, chosen)),
            "requests": [_request(one) for one in chosen],
            "last": Access.objects.order_by("-pk").first(),
            "query": query.urlencode(),
            "is_filtered": any(form.cleaned_data.values()),
        }
        if chosen:
            # After the lines were read, so that they do not begin with this very look.
            access.record(request, Access.Kind.VIEWED, chosen, detail=PAGE)
    return frame.page(request, "looked.html", "Who looked", **context)


def _rows(lines, chosen):
    names = _full_names({line.by for line in lines})
    for line in lines:
        shown = [one for one in line.references if one in chosen] or line.references
        spoken = [(one, references.display(one)) for one in shown]
        yield {
            "line": line,
            "by": BY.get(line.by, line.by) or "no account",
            "name": names.get(line.by, ""),
            "first": spoken[:3],
            "more": spoken[3:],
            "others": len(line.references) - len(shown),
        }


def _full_names(usernames):
    return {user.username: user.get_full_name() for user in get_user_model().objects.filter(username__in=usernames)}


def _request(reference):
    """Return what was done with a request, also where it is gone."""
    events = what_was_done(reference)
    names = _full_names({event["by"] for event in events})
    return {
        "spoken": references.display(reference),
        "pk": EvaluationRequest.objects.filter(reference=reference).values_list("pk", flat=True).first(),
        "events": [(event, names.get(event["by"], "")) for event in events],
    }


@require_POST
def find(request):
    """Lead from a patient's name, phone number or e-mail address to the references of their requests."""
    frame.require(request, "export")
    found = _references_of(request.POST.get("who", "").strip())
    address = reverse("admin:appointments_evaluationrequest_looked")
    too_many = len(found) > MOST
    access.record(request, Access.Kind.FOUND, [] if too_many else found, detail=PAGE)
    if too_many:
        messages.error(request, f"More than {MOST} requests fit. Enter more of the name, or the whole phone number.")
        return redirect(address)
    if not found:
        messages.error(request, "No request was found. Of one that was deleted only its reference is kept.")
        return redirect(address)
    return redirect(f"{address}?reference={'+'.join(found)}")


def _references_of(words):
    if not words:
        return []
    reference = references.normal(words)
    if references.is_one(reference) and RequestEvent.objects.filter(reference=reference).exists():
        return [reference]
    return list(queue.find(words).order_by("pk").values_list("reference", flat=True)[: MOST + 1])


HEADINGS = ("line", "time", "user name", "what", "requests", "from where", "details", "fingerprint")


@require_POST
def download(request):
    """Give the chosen lines as a file for a spreadsheet, and put that on record first."""
    frame.require(request, "export")
    form = Filters(request.GET)
    if not form.is_valid():
        messages.error(request, "Nothing was downloaded. Please choose anew.")
        return redirect("admin:appointments_evaluationrequest_looked")
    access.record(request, Access.Kind.EXPORTED, form.cleaned_data["reference"], detail=PAGE)
    zone = timezone.get_current_timezone()
    headings = [f"time ({zone})" if heading == "time" else heading for heading in HEADINGS]
    lines = form.lines(request.library.clinic).iterator(chunk_size=2000)
    return spreadsheet.download(
        f"who-looked-{request.library.today}.csv", headings, (_cells(one, zone) for one in lines)
    )


def _cells(line, zone):
    return (
        line.pk,
        f"{line.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        line.by,
        line.get_kind_display(),
        " ".join(map(references.display, line.references)),
        line.address,
        line.detail,
        line.fingerprint,
    )
