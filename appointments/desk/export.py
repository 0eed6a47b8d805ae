"""Requests as a file for a spreadsheet: for a stated reason, no more of each than is needed, and on record first."""

import datetime
from collections.abc import Iterator

from django import forms
from django.utils import timezone
from django.utils.text import capfirst

from appointments import access, privacy, spreadsheet
from appointments.desk import frame, queue
from appointments.desk.forms import PlainForm
from appointments.models import Access, EvaluationRequest

BATCH = 500
REASONS = {
    "chart": "To hand over to the chart system",
    "report": "For a report of the clinic",
    "patient": "The patient asked",
    "audit": "For an audit",
}
ALWAYS = ("reference", "received_at")
PARTS = {
    "standing": (
        "Where it stands: status, days, owner, evaluation",
        (
            "status", "closed_reason", "closed_at", "reply_by", "answered_at", "reached_at", "tries", "next_try_on",
            "scheduled_for", "clinician", "place", "owner",
        ),
    ),
    "person": ("Who they are: name, and who asks for them", ("for_whom", "name", "helper_name", "helper_relation")),
    "contact": (
        "How to reach them, with the rules for doing it safely",
        (
            "contact_by", "phone", "email", "may_leave_message", "may_text", "who_may_answer", "trusted_person",
            "best_times", "times_to_avoid",
        ),
    ),
    "needs": ("What would help them: interpreter, access, other needs", ("access_needs", "language", "needs")),
    "insurance": ("Insurance", ("insurance", "insurer")),
    "health": (
        "Health: warning sign, fusion, what bothers them, what they tried, interests, their own words",
        (
            "needs_same_day_call", "fusions", "fusion_areas", "fusion_year", "fusion_levels", "concerns", "tried",
            "interests", "message",
        ),
    ),
}  # fmt: skip
"""The columns, in parts that are chosen as one. A phone number never leaves without the rules for calling it."""
USUAL = ("standing", "person", "contact")


class ExportForm(PlainForm):
    reason = forms.ChoiceField(label="Why do you need this file?", choices=[("", "Choose one"), *REASONS.items()])
    parts = forms.MultipleChoiceField(
        label="What should it hold, beside the reference and the day?",
        required=False,
        choices=[(name, words) for name, (words, _) in PARTS.items()],
        initial=USUAL,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick only what you need. Health answers are left out unless you tick them.",
    )


def export(request):
    """Say what a file would hold; when that is confirmed with a reason, put it on record and send the file."""
    frame.require(request, "export")
    requests = queue.chosen(request)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _file(request, requests, form.cleaned_data["reason"], form.cleaned_data["parts"])
    count = requests.order_by().count()
    view = queue.VIEWS.get(request.GET.get("show"), queue.VIEWS["now"])
    return frame.page(request, "export.html", "Export requests", form=form, count=count, view=view)


def _file(request, requests, reason, parts):
    keys = list(requests.values_list("pk", "reference"))
    held = f"{reason}: {', '.join(parts) or 'reference and day only'}"
    access.record(request, Access.Kind.EXPORTED, [reference for _, reference in keys], detail=held)
    names = [*ALWAYS, *(name for part in PARTS if part in parts for name in PARTS[part][1])]
    fields = [EvaluationRequest._meta.get_field(name) for name in names]
    rows = _rows([pk for pk, _ in keys], fields, request.library)
    headings = [capfirst(field.verbose_name) for field in fields]
    return spreadsheet.download(f"requests-{request.library.today}.csv", headings, rows)


def _rows(keys, fields, words) -> Iterator[list[str]]:
    """Yield the rows of exactly those requests that were put on record, reading some at a time."""
    zone = timezone.get_current_timezone()
    for start in range(0, len(keys), BATCH):
        # Kept in their order. One that was deleted since is left out.
        found = EvaluationRequest.objects.select_related("owner").in_bulk(keys[start : start + BATCH])
        for key in keys[start : start + BATCH]:
            if one := found.get(key):
                yield [_cell(one, field, words, zone) for field in fields]


def _cell(one, field, words, zone) -> str:
    if field.name == "reference":
        return one.spoken_reference
    if field.name == "phone":
        return spreadsheet.phone_cell(one.phone)
    value = privacy.in_words(one, field, words)
    if isinstance(value, datetime.datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "; ".join(map(str, value)) if isinstance(value, list) else value
