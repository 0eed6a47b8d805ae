"""How long a session goes on, and what the database holds of it."""

import json
import math
import time

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import auth, messages

from appointments.encryption import decrypt, encrypt
from medici_site.models import Invitation

BEGAN, SEEN, SECOND_FACTOR = "began", "seen", "has second factor"
"""Keys of the session: two times in seconds since 1970, and whether the second factor was given in it."""


class EncryptedSerializer:
    """Keep what stands in sessions from whoever has the database alone: searches, and keys of apps being set up."""

    PURPOSE = "session"

    def dumps(self, values):
        return encrypt(json.dumps(values, separators=(",", ":")), self.PURPOSE).encode()

    def loads(self, stored):
        return json.loads(decrypt(stored.decode(), self.PURPOSE))


def begin(request) -> None:
    """Let the time of a session begin."""
    request.session[BEGAN] = request.session[SEEN] = time.time()


def touch(request) -> None:
    """Count from now on. Ten seconds may be wrong, so that not every page writes the session."""
    if time.time() - request.session[SEEN] > 10:
        request.session[SEEN] = time.time()


def seconds_left(request) -> int:
    """Return how long this session goes on if nobody touches anything; 0 when it is over."""
    session = request.session
    ends = min(session[SEEN] + settings.SESSION_IDLE_AGE, session[BEGAN] + settings.SESSION_COOKIE_AGE)
    return max(0, math.ceil(ends - time.time()))


def end(request) -> None:
    """Sign out somebody who was away, and say so on the next page."""
    request.signed_out_because = "left alone"
    auth.logout(request)
    messages.info(request, "You were signed out, because nobody touched the page for a while.")


def end_others(request) -> None:
    """Let nobody in any more who is in as the person of this web request, but in its own session."""
    for one in UserSession.objects.filter(user=request.user).exclude(session_key=request.session.session_key):
        one.end()
    UserSession.objects.create_from_request(request)  # its key may be a new one


def end_all(account) -> None:
    """Let nobody in any more who is in as this account, or has a link into it."""
    for one in UserSession.objects.filter(user=account):
        one.end()
    Invitation.objects.filter(account=account).delete()
