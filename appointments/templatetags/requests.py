"""What the first page of the admin says about requests."""

from django import template

from appointments.models import EvaluationRequest, Message
from treatments.library import NothingPublishedError, published

register = template.Library()


@register.inclusion_tag("admin/appointments/tasks.html", takes_context=True)
def request_tasks(context):
    """What waits for this member of staff, who sees it only if they may see requests."""
    if not context["user"].has_perm("appointments.view_evaluationrequest"):
        return {}
    waiting = EvaluationRequest.objects.open()
    new = waiting.filter(status=EvaluationRequest.Status.NEW)
    try:
        overdue = new.filter(reply_by__lt=published().today).count()
    except NothingPublishedError:
        return {}  # staff may sign in before the first import
    return {
        "shown": True,
        "new": new.count(),
        "today": waiting.filter(needs_same_day_call=True).count(),
        "overdue": overdue,
        "undelivered": Message.objects.undelivered().values("request").distinct().count(),
    }
