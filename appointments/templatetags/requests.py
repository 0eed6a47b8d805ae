"""What pages outside the request say about it: how long it is, and what waits for staff."""

from django import template

from appointments import waiting
from appointments.views import flow
from treatments.library import NothingPublishedError, published

register = template.Library()


@register.simple_tag
def request_steps():
    """How many pages with questions a request has."""
    return flow.TOTAL


@register.inclusion_tag("admin/appointments/tasks.html", takes_context=True)
def request_tasks(context):
    """What waits for this member of staff, who sees it only if they may see requests."""
    if not context["user"].has_perm("appointments.view_evaluationrequest"):
        return {}
    try:
        return {"waiting": waiting.counts(published().today)}
    except NothingPublishedError:
        return {}  # staff may sign in before the first import
