"""Pages that belong to no subject: health check, robots.txt, uploads, and every way of saying no."""

import logging
import sys

from django.db import DatabaseError, InterfaceError, connection
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from treatments import images, library

log = logging.getLogger(__name__)
RETRY_AFTER = "60"  # seconds


@never_cache
@require_safe
def healthz(request):
    """Say whether this process can answer patients: 200 when the database answers, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return JsonResponse({"database": "away"}, status=503)
    return JsonResponse({"database": "ok"})


@require_safe
def robots(request):
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /request-evaluation/", "Disallow: /drafts/"]
    return HttpResponse("\n".join([*lines, f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}", ""]), "text/plain")


@require_safe
def favicon(request):
    return redirect(static("img/favicon.svg"))


@require_safe
def picture(request, name):
    """Serve a photograph in one of its sizes, and nothing else."""
    path = images.path(name)
    try:
        content = path and path.read_bytes()
    except OSError:
        content = None
    if not content:
        raise Http404
    # Its name tells its content, so it never has to be asked for again.
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return HttpResponse(content, images.CONTENT_TYPES[path.suffix[1:]], headers=headers)


def _refusal(request, status, template):
    """Return an error page that needs neither the database nor a signed-in user."""
    try:
        context = {"library": library.last_known()}
    except Exception:
        # An error page must never fail; without content it shows the text and the emergency numbers alone.
        log.exception("No content for an error page")
        context = {}
    # Without the request no context processor runs, so nothing asks the database again.
    response = render(None, template, context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def bad_request(request, exception):
    return _refusal(request, 400, "400.html")


def permission_denied(request, exception):
    return _refusal(request, 403, "403.html")


def csrf_failure(request, reason=""):
    return _refusal(request, 403, "403_csrf.html")


def not_found(request, exception):
    return _refusal(request, 404, "404.html")


def server_error(request):
    """Answer a failure: 503 with the clinic's phone when the database or the content is away, else 500."""
    if isinstance(sys.exc_info()[1], DatabaseError | InterfaceError | library.NothingPublishedError):
        response = _refusal(request, 503, "503.html")
        response.headers["Retry-After"] = RETRY_AFTER
        return response
    return _refusal(request, 500, "500.html")
