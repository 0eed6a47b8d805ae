"""Give each request its library: the published words as they are at that moment."""

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from treatments import library, schedule


class LibraryMiddleware:
    """Set `request.library`, and show staff all times in the clinic's own time zone.

    The database is asked at the first use; a public page that uses no words asks nothing.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.library = SimpleLazyObject(schedule.current_library)
        with timezone.override(self._zone(request)):
            return self.get_response(request)

    @staticmethod
    def _zone(request):
        # A share link says when its words were saved, to somebody who talks about it with staff.
        if not request.path.startswith((reverse("admin:index"), "/drafts/")):
            return None
        try:
            return request.library.clinic.time_zone
        except library.NothingPublishedError:
            return None  # staff may sign in before the first import
