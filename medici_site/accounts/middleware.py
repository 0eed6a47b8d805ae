"""The door of the admin: a second factor for everybody, and out after a while without a touch."""

import math
import time
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from django.contrib import auth, messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from medici_site.accounts import kept_forms

IDLE = 15 * 60
"""Seconds without a touch after which the server signs out (45 CFR 164.312(a)(2)(iii), automatic logoff)."""
LONGEST = 12 * 60 * 60
"""Seconds after which everybody signs in anew."""
BACKGROUND = "X-Background"
"""The header of what a page asks by itself. It keeps nobody signed in."""
BEGAN, SEEN, SECOND_FACTOR = "began", "seen", "has second factor"
"""Keys of the session."""


def begin(request) -> None:
    """Let the time of a session begin."""
    request.session[BEGAN] = request.session[SEEN] = time.time()


def sign_out(request) -> None:
    """Sign out somebody who was away, and say why on the next page."""
    request.signed_out_because = "left alone"
    auth.logout(request)
    messages.info(request, "You were signed out, because nobody touched the page for a while.")


def seconds_left(request) -> int:
    """Return how long this session goes on if nobody touches anything."""
    session = request.session
    return math.ceil(min(session[SEEN] + IDLE, session[BEGAN] + LONGEST) - time.time())


class SessionLifeMiddleware:
    """End a session that was left alone, or is too old. What is sent after that is kept for whoever sent it."""

    EXACT = 10
    """Seconds by which the time of the last touch may be wrong, so that not every page writes it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path.startswith(reverse("admin:index")) and request.user.is_authenticated:
            if BEGAN not in request.session:
                begin(request)
            if seconds_left(request) <= 0:
                return self._end(request)
            if BACKGROUND not in request.headers and time.time() - request.session[SEEN] > self.EXACT:
                request.session[SEEN] = time.time()
        return self.get_response(request)

    def _end(self, request):
        if request.path in (reverse("keep_form"), reverse("session")):
            # A page that was asleep wakes up, perhaps with something typed in it. Nothing else is open to it.
            return self.get_response(request)
        if BACKGROUND in request.headers:
            return HttpResponse(status=401)
        is_kept = request.method == "POST" and not _is_of_account(request.path)
        if is_kept:
            kept_forms.keep(request.user, page=_page(request), action=request.get_full_path(), values=request.POST)
        sign_out(request)
        if is_kept:
            messages.info(request, "What you sent just now is kept. Sign in, and you can send it again.")
        if request.path == reverse("admin:login"):
            return self.get_response(request)
        return redirect_to_login(_page(request))


class SecondFactorMiddleware:
    """Open nothing of the admin to whoever has a password alone, but what leads to a second factor."""

    OPEN = {
        "account_login", "login", "logout", "jsi18n", "account_reauthenticate", "mfa_activate_totp",
        "mfa_add_webauthn", "invitation", "session",
    }  # fmt: skip
    """Names of addresses."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if not request.path.startswith(reverse("admin:index")) or not request.user.is_authenticated:
            return None
        if request.resolver_match.url_name in self.OPEN or request.session.get(SECOND_FACTOR):
            return None
        own = Authenticator.objects.filter(user=request.user)
        if own.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
            # Who had one at sign-in was asked for it there. Who takes it away ends all sessions.
            request.session[SECOND_FACTOR] = True
            return None
        return redirect("mfa_activate_totp")


def _is_of_account(path):
    """Tell whether what is sent there may be a password or a code, which is never kept."""
    return path.startswith((reverse("mfa_index"), reverse("admin:password_change"), reverse("admin:login")))


def _page(request):
    """Return the address to come back to: that of the page, also where a form is sent to another."""
    if request.method == "GET":
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.path if came_from.netloc == request.get_host() else reverse("admin:index")
