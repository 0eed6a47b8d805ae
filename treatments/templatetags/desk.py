"""What the first page of the admin says about the site's words."""

from django import template

from treatments.admin import desk

register = template.Library()


@register.inclusion_tag("admin/treatments/includes/tasks.html", takes_context=True)
def tasks(context):
    """What waits for this member of staff, as far as they may see it."""
    user = context["user"]
    if not user.has_perm("treatments.view_version"):
        return {}
    return {
        "tasks": desk.tasks(),
        "may_publish": user.has_perm("treatments.publish_version"),
    }
