"""What the first page of the admin says about the site's words."""

from django import template

from treatments.admin import desk
from treatments.library import NothingPublishedError

register = template.Library()


@register.inclusion_tag("admin/treatments/includes/tasks.html", takes_context=True)
def tasks(context):
    """What waits for this member of staff, as far as they may see it."""
    user = context["user"]
    if not user.has_perm("treatments.view_version"):
        return {}
    try:
        waiting = desk.tasks()
    except NothingPublishedError:
        return {}  # staff may sign in before the first import
    return {
        "tasks": waiting,
        "may_publish": user.has_perm("treatments.publish_version"),
    }
