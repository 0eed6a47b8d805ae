"""Calendar files for people who keep their days in a calendar: the day by which the clinic answers, and the evaluation.

Calendars are shared with families and employers, so they name no reason.
"""

import datetime

from django.utils import timezone
from icalendar import Calendar, Event

from appointments.models import EvaluationRequest
from treatments.models import ClinicSettings

VISIT_LASTS = datetime.timedelta(hours=1)
"""How much of a day the entry takes up; how long an evaluation really lasts is told on the phone."""


def reply_by(request: EvaluationRequest, clinic: ClinicSettings) -> bytes:
    """Return an iCalendar file (RFC 5545) with one whole-day entry on the reply-by date."""
    event = _event(request, "reply-by")
    event.add("dtstart", request.reply_by)
    event.add("dtend", request.reply_by + datetime.timedelta(days=1))
    event.add("summary", "You should have an answer by today")
    event.add("description", f"If nobody has contacted you, call {clinic.phone} and say: {request.spoken_reference}")
    event.add("transp", "TRANSPARENT")
    return _file(event)


def visit(request: EvaluationRequest, clinic: ClinicSettings) -> bytes:
    """Return an iCalendar file with the agreed evaluation. A later one replaces it in the calendar."""
    event = _event(request, "visit")
    event.add("sequence", int(timezone.now().timestamp()))
    event.add("dtstart", request.scheduled_for.astimezone(datetime.UTC))
    event.add("dtend", request.scheduled_for.astimezone(datetime.UTC) + VISIT_LASTS)
    event.add("summary", f"Visit: {request.clinician}")
    event.add("location", request.place)
    event.add("description", f"To change it, call {clinic.phone} and say: {request.spoken_reference}")
    return _file(event)


def _event(request, name):
    event = Event()
    event.add("uid", f"{request.tracking_hash[:32]}@{name}")
    event.add("dtstamp", timezone.now())
    return event


def _file(event):
    calendar = Calendar()
    calendar.add("prodid", "-//Your request//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return calendar.to_ical()
