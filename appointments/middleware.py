"""What happens around every page of the request desk."""

from django.urls import reverse

from appointments import access
from appointments.models import Access, EvaluationRequest


class RefusedMiddleware:
    """Put on record when somebody who is signed in was refused a page about requests."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code == 403 and request.user.is_authenticated and self._is_of_the_desk(request):
            match = request.resolver_match
            page = match.url_name.removeprefix("appointments_evaluationrequest_") if match else ""
            access.record(request, Access.Kind.REFUSED, self._asked_for(match), detail=page)
        return response

    @staticmethod
    def _is_of_the_desk(request):
        return request.path.startswith(reverse("admin:app_list", args=["appointments"]))

    @staticmethod
    def _asked_for(match):
        """Return the reference of the request whose page it is."""
        key = str(match.kwargs.get("object_id") or match.kwargs.get("pk") or "") if match else ""
        if not key.isascii() or not key.isdigit() or len(key) > 18:  # more is no number of a row
            return []
        return list(EvaluationRequest.objects.filter(pk=key).values_list("reference", flat=True))
