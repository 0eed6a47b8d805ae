"""What pages outside of the request say about it: how long it takes, and to staff what waits."""

import datetime

from django import template

from appointments import waiting
from appointments.models import RequestDraft
from appointments.views.flow import TOTAL
from treatments.forms import minutes
from treatments.library import NothingPublishedError, published

register = template.Library()


@register.simple_tag
def request_effort():
    """How many steps a request has, about how long they take, and for how long answers are kept meanwhile."""
    return {
        "steps": TOTAL,
        "minutes": minutes(TOTAL),
        "hours_kept": RequestDraft.KEPT_FOR // datetime.timedelta(hours=1),
    }


@register.inclusion_tag("admin/appointments/tasks.html", takes_context=True)
def request_tasks(context):
    """What waits for this member of staff, who sees it only if they may see requests."""
    if not context["user"].has_perm("appointments.view_evaluationrequest"):
        return {}
    try:
        return {"waiting": waiting.counts(published().today)}
    except NothingPublishedError:
        return {}  # staff may sign in before the first import
