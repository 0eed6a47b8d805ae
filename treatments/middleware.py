"""Give each request its library: the published words as they are at that moment."""

from django.utils.functional import SimpleLazyObject

from treatments import library


class LibraryMiddleware:
    """Set `request.library`. The database is asked at the first use; a page that uses none asks nothing."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.library = SimpleLazyObject(library.published)
        return self.get_response(request)
