"""What the pages of the request desk have in common."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse

from appointments.models import EvaluationRequest


def require(request, verb: str) -> None:
    """Raise PermissionDenied unless this user may view, handle, export or delete requests."""
    if not request.user.has_perm(f"appointments.{verb}_evaluationrequest"):
        raise PermissionDenied


def page(request, template: str, title: str, *, status: int = 200, **context) -> TemplateResponse:
    """Return a page of the desk in the frame of the admin. A title never names a patient."""
    frame = admin.site.each_context(request) | {"opts": EvaluationRequest._meta, "title": title}
    return TemplateResponse(request, f"admin/appointments/{template}", frame | context, status=status)
