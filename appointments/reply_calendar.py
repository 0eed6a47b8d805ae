"""A calendar file with the day by which the clinic answers, for people who keep their days in a calendar.

Calendars are shared with families and employers, so it names no reason.
"""

import datetime

from django.utils import timezone
from icalendar import Calendar, Event

from appointments.models import EvaluationRequest
from treatments.models import ClinicSettings


def file(request: EvaluationRequest, clinic: ClinicSettings) -> bytes:
    """Return an iCalendar file (RFC 5545) with one whole-day entry on the reply-by date."""
    event = Event()
    event.add("uid", f"{request.tracking_hash[:32]}@reply-by")
    event.add("dtstamp", timezone.now())
    event.add("dtstart", request.reply_by)
    event.add("dtend", request.reply_by + datetime.timedelta(days=1))
    event.add("summary", "You should have an answer by today")
    event.add("description", f"If nobody has contacted you, call {clinic.phone} and say: {request.spoken_reference}")
    event.add("transp", "TRANSPARENT")
    calendar = Calendar()
    calendar.add("prodid", "-//Reply by//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return calendar.to_ical()
