"""What is held on one person: to show it to them, to give it to them, or to erase it."""

import datetime
import json

from django import forms
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.views.decorators.http import require_POST

from appointments import access, privacy, references
from appointments.desk import frame
from appointments.desk.forms import PlainForm
from appointments.encryption import missing_keys
from appointments.models import Access, EvaluationRequest

PAGE = "one person's data"
"""How these pages are named on record."""


class Search(PlainForm):
    """Who it is. Posted: none of it may stand in an address."""

    contact = forms.CharField(
        label="Phone number, e-mail address, or reference of a request",
        max_length=254,
        strip=True,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean(self):
        typed = self.cleaned_data.get("contact", "")
        reference = references.normal(typed)
        try:
            if references.is_one(reference):
                self.found = privacy.find_person(reference=reference)
            else:
                self.found = privacy.find_person(contact=typed) if typed else EvaluationRequest.objects.none()
        except ValueError:
            raise forms.ValidationError(
                "This is neither a phone number with its area code, nor an e-mail address, nor a reference."
            ) from None


def person(request):
    """Find all requests of one person, and let staff choose what is this person's."""
    frame.require(request, "delete")
    reference = references.normal(request.GET.get("reference", ""))
    if request.method == "POST":
        form = Search(request.POST)
        if not form.is_valid():
            return frame.page(request, "person.html", "One person's data", form=form)
        return _choose(request, form.found)
    if references.is_one(reference):
        return _choose(request, privacy.find_person(reference=reference), named=reference)
    return frame.page(request, "person.html", "One person's data", form=Search())


def _choose(request, found, *, named="", error=""):
    """Show requests that may be one person's, ticked where it is safe to say that they are."""
    found = list(found.annotate(is_held=privacy.is_held()))
    one_name = len({one.name.casefold() for one in found}) == 1
    rows = [{"request": one, "ticked": one_name or one.reference == named, "held": one.is_held} for one in found]
    # Only what a person is found by: to ask every column would take a quarter of a minute with many requests.
    missing = sorted(missing_keys(*(EvaluationRequest._meta.get_field(name) for name in ("phone", "email"))))
    access.record(request, Access.Kind.FOUND, [one.reference for one in found], detail=PAGE)
    context = {"form": Search(), "searched": True, "rows": rows, "one_name": one_name, "missing": missing}
    return frame.page(request, "person.html", "One person's data", **context, error=error)


def _ticked(request):
    """Return the requests that were ticked; none where none was, or all are gone by now."""
    frame.require(request, "delete")
    ticked = EvaluationRequest.objects.filter(reference__in=request.POST.getlist("reference"))
    return list(ticked.annotate(is_held=privacy.is_held()).order_by("pk"))


def _again(request):
    """Show the same list once more: nothing on it was ticked."""
    found = EvaluationRequest.objects.filter(reference__in=request.POST.getlist("found")).order_by("pk")
    return _choose(request, found, error="Tick at least one request.")


@require_POST
def report(request):
    """Show everything that is held, on one page that can be printed."""
    ticked = _ticked(request)
    if not ticked:
        return _again(request)
    document = _export(request, ticked, "report")
    zone = timezone.get_current_timezone()
    reports = [_readable(one, zone) for one in document["requests"]]
    context = {"reports": reports, "exported": document["exported"], "ticked": [one.reference for one in ticked]}
    return frame.page(request, "person_report.html", "Everything we hold on one person", **context)


@require_POST
def download(request):
    """Give everything that is held as a file that a program can read."""
    ticked = _ticked(request)
    if not ticked:
        return _again(request)
    document = _export(request, ticked, "file")
    text = json.dumps(document, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    name = f"one-person-{ticked[0].spoken_reference}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(text, content_type="application/json; charset=utf-8", headers=headers)


@transaction.atomic
def _export(request, requests, form):
    document = privacy.export(requests, by=request.user.get_username())
    access.record(request, Access.Kind.EXPORTED, [one.reference for one in requests], detail=f"{PAGE}: {form}")
    return document


def _readable(exported, zone) -> dict:
    """Return an exported request as labels and words; what is empty is left out."""
    parts = {label: value for label, value in exported.items() if _is_list_of_rows(value)}
    facts = {label: value for label, value in _without_reference(exported).items() if label not in parts}
    return {
        "reference": exported["reference"],
        "facts": _words(facts, zone),
        "parts": [
            (capfirst(label), [_words(_without_reference(one), zone) for one in rows]) for label, rows in parts.items()
        ],
    }


def _is_list_of_rows(value):
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _without_reference(values):
    return {label: value for label, value in values.items() if label != "reference"}


def _words(values, zone) -> list[tuple[str, str]]:
    """Return labels and words of what is not empty. Times are on the clinic's clock."""
    return [(capfirst(label), words) for label, value in values.items() if (words := _in_words(value, zone))]


def _in_words(value, zone):
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime.datetime):
        return date_format(value.astimezone(zone), "F j, Y, g:i A")
    if isinstance(value, datetime.date):
        return date_format(value, "F j, Y")
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


@require_POST
def erase(request):
    """Say what an erasure takes away and what stays; do it once its reference was typed."""
    ticked = _ticked(request)
    if not ticked:
        return _again(request)
    going = [one for one in ticked if not one.is_held]
    typed = request.POST.get("typed")
    if going and typed is not None and references.normal(typed) == going[0].reference:
        return _erased(request, going)
    access.record(request, Access.Kind.VIEWED, [one.reference for one in ticked], detail=f"{PAGE}: erase?")
    context = {"going": going, "held": [one for one in ticked if one.is_held], "ticked": ticked}
    return frame.page(request, "erase.html", "Erase one person's data", **context, is_wrong=typed is not None)


def _erased(request, going):
    with transaction.atomic():
        erased = privacy.erase(going, by=request.user.get_username())
        if erased:
            access.record(request, Access.Kind.ERASED, erased, detail=PAGE)
    spoken = ", ".join(map(references.display, erased))
    if len(erased) == len(going):
        messages.success(request, f"Erased, and put on record: {spoken}.")
    else:
        messages.warning(request, f"Erased: {spoken or 'nothing'}. The rest was gone already, or has to be kept.")
    return redirect("admin:appointments_evaluationrequest_person")
