"""How long requests are kept: what is deleted when, and what is kept beyond its time."""

import datetime

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.db.models.functions import TruncWeek
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from appointments import access, privacy, services
from appointments.desk import frame
from appointments.desk.forms import DayInput, PlainForm
from appointments.models import Access, EvaluationRequest, RequestDraft, RequestEvent

WEEK = datetime.timedelta(days=7)
WEEKS = 12
NEXT = 50
"""Requests that are told one by one."""
PAST = datetime.timedelta(days=90)
Event = RequestEvent.Kind


@require_GET
def retention(request):
    """Show the rules, what they will delete and when, what they deleted, and what is kept in spite of them."""
    frame.require(request, "view")
    today = request.library.today
    due = list(privacy.leaving()[:NEXT])
    held = list(EvaluationRequest.objects.filter(privacy.is_held()).order_by("hold_until", "pk")[:NEXT])
    context = {
        "closed_days": privacy.keep_closed().days,
        "spam_days": privacy.KEEP_SPAM.days,
        "draft_hours": RequestDraft.KEPT_FOR // datetime.timedelta(hours=1),
        "drafts": RequestDraft.objects.count(),
        "weeks": _weeks_ahead(today),
        "due": due,
        "held": held,
        "past": _past(),
        "past_days": PAST.days,
        "may_hold": request.user.has_perm("appointments.delete_evaluationrequest"),
    }
    access.record(request, Access.Kind.LISTED, [one.reference for one in [*due, *held]], detail="what is deleted when")
    return frame.page(request, "retention.html", "What is deleted when", **context)


def _monday(day):
    return day - datetime.timedelta(days=day.weekday())


def _weeks_ahead(today):
    """Return the Monday of each of the next weeks with the number of requests that go in it.

    What was due before and is not gone yet counts for this week.
    """
    first = _monday(today)
    counted = privacy.leaving().filter(goes_on__lt=first + WEEKS * WEEK).order_by()
    counted = counted.annotate(week=TruncWeek("goes_on")).values_list("week").annotate(number=Count("pk"))
    numbers = dict.fromkeys((first + number * WEEK for number in range(WEEKS)), 0)
    for week, number in counted:
        numbers[max(week, first)] += number
    return list(numbers.items())


def _past():
    """Return the Monday of each week, the latest first, with what was deleted in it and what was erased on request."""
    events = RequestEvent.objects.filter(kind__in=(Event.PURGED, Event.ERASED), at__gte=timezone.now() - PAST)
    weeks = events.order_by().annotate(week=TruncWeek("at")).values("week")
    purged, erased = (Count("pk", filter=Q(kind=kind)) for kind in (Event.PURGED, Event.ERASED))
    return list(weeks.annotate(purged=purged, erased=erased).order_by("-week"))


class HoldForm(PlainForm):
    day = forms.DateField(label="Keep it through", widget=DayInput)
    reason = forms.ChoiceField(label="Why", choices=[("", "Choose one"), *EvaluationRequest.HoldReason.choices])


def hold(request, pk):
    """Keep a request beyond its time, or no longer."""
    frame.require(request, "delete")
    found = get_object_or_404(EvaluationRequest, pk=pk)
    form = HoldForm(request.POST if request.method == "POST" and "release" not in request.POST else None)
    try:
        if request.method == "POST" and "release" in request.POST:
            services.hold(found, None, by=request.user.get_username())
            messages.success(request, f"{found} is kept no longer than others.")
            return redirect("admin:appointments_evaluationrequest_retention")
        if form.is_valid():
            day, reason = form.cleaned_data["day"], form.cleaned_data["reason"]
            services.hold(found, day, reason=reason, by=request.user.get_username())
            messages.success(request, f"{found} is kept through {day:%B} {day.day}, {day.year}, and put on record.")
            return redirect("admin:appointments_evaluationrequest_retention")
    except services.RefusedError as error:
        form.add_error("day", str(error))
    access.record(request, Access.Kind.VIEWED, [found.reference], detail="how long it is kept")
    return frame.page(request, "hold.html", "How long to keep a request", form=form, found=found)
