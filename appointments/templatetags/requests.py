"""What the first page of the admin says about requests."""

from django import template

from appointments import waiting
from treatments.library import NothingPublishedError, published

register = template.Library()


@register.inclusion_tag("admin/appointments/tasks.html", takes_context=True)
def request_tasks(context):
    """What waits for this member of staff, who sees it only if they may see requests."""
    if not context["user"].has_perm("appointments.view_evaluationrequest"):
        return {}
    try:
        return {"waiting": waiting.counts(published().today)}
    except NothingPublishedError:
        return {}  # staff may sign in before the first import
