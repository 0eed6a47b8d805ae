"""The door of the admin: a second factor for everybody, and out after a while without a touch."""

from urllib.parse import urlsplit

from django.contrib import auth, messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from appointments import kept_forms
from medici_site.accounts import sessions, states
from medici_site.accounts.sessions import BEGAN
from medici_site.accounts.states import State

BACKGROUND = "X-Background"
"""The header of what a page asks by itself. It keeps nobody signed in."""


class AdminMiddleware:
    """What both parts share: they look at pages of the admin, once it is known which."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        is_of_admin = request.path.startswith(reverse("admin:index"))
        return self.check(request, request.resolver_match.url_name) if is_of_admin else None


class SessionLifeMiddleware(AdminMiddleware):
    """End a session that was left alone, or is too old. What is sent after that is kept for whoever sent it."""

    WATCHED_BY_ITSELF = {"session", "keep_form"}
    """Names of pages that are no touch."""

    def check(self, request, page):
        if page in self.WATCHED_BY_ITSELF or not request.user.is_authenticated:
            return None
        if BEGAN not in request.session:
            sessions.begin(request)
        if not sessions.seconds_left(request):
            return self._end(request)
        if BACKGROUND not in request.headers:
            sessions.touch(request)
        return None

    def _end(self, request):
        if BACKGROUND in request.headers:
            return HttpResponse(status=401)
        page = _came_from(request)
        is_kept = request.method == "POST" and kept_forms.keep(
            request.user, page=page, action=request.get_full_path(), values=request.POST
        )
        sessions.end(request)
        if is_kept:
            messages.info(request, "What you sent just now is kept. Sign in, and you can send it again.")
        return None if request.path == reverse("admin:login") else redirect_to_login(page)


class StateMiddleware(AdminMiddleware):
    """Open what the table opens to somebody who has come in so far, and lead from all else to where they go on."""

    def check(self, request, page):
        state = states.of(request)
        if states.is_open(page, state):
            return None
        if state is State.IN:
            return redirect("admin:index")
        if state is State.BARE:
            return redirect("mfa_activate_totp")
        if state is State.LAPSED:
            # A factor was added in another session of somebody who knew the password, and is not theirs for that.
            auth.logout(request)
        return redirect_to_login(request.get_full_path() if request.method == "GET" else reverse("admin:index"))


def _came_from(request):
    """Return the address to come back to: that of the page, also where a form is sent to another."""
    if request.method == "GET":
        return request.get_full_path()
    page = urlsplit(request.headers.get("Referer", ""))
    is_ours = page.netloc == request.get_host() and kept_forms.is_of_admin(page.path)
    return page.path if is_ours else reverse("admin:index")
