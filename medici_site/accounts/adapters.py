"""How allauth, which signs people in, does it here."""

import time

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from appointments import kept_forms, limits
from appointments.encryption import Unreadable
from medici_site.accounts import record, sessions, throttle
from medici_site.models import SecondFactorSecret

FIRST_HALF = "first half of a sign-in"
"""Where the session keeps a hash of the password that the sign-in began with."""
WAIT = (
    "Too many tries. Wait 15 minutes, then try again. If your password or your phone is lost, ask a manager for a new "
    "link."
)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "The user name or the password is not right.",
        "incorrect_password": "The password is not right.",
        "too_many_login_attempts": WAIT,
    }

    def is_open_for_signup(self, request):
        return False

    def get_client_ip(self, request):
        """Return the address that the proxy saw; of IPv6 the first of its network."""
        return limits.client_address(request).partition("/")[0] or "::"

    def is_safe_url(self, url):
        """Lead on after the sign-in to pages of the admin alone; allauth would allow each name of this machine."""
        return kept_forms.is_of_admin(url)

    def pre_authenticate(self, request, **credentials):
        if throttle.is_over(request, throttle.PASSWORD, credentials["username"]):
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request, **credentials):
        """Return whose password it is. That of a locked account is as wrong as any other."""
        user = super().authenticate(request, **credentials)
        if user and not user.is_active:
            record.not_let_in(request, user.username, "locked account")
            return None
        if user:
            throttle.give_back(request, throttle.PASSWORD, user.username)
        return user

    def authentication_failed(self, request, **credentials):
        record.not_let_in(request, credentials["username"], "wrong password")

    def is_ajax(self, request):
        """Answer in JSON to who asks for the challenge of a passkey alone. Other answers would hold what was typed."""
        return request.method == "GET" and super().is_ajax(request)

    def is_reauthentication_required(self, *, app, **kwargs):
        """Ask again who it is before a second factor changes, unless they have just said so by coming in.

        Whoever has a second factor says so with that one: a password may be known to others.
        """
        ways = get_authentication_records(self.request, self.request.user)
        if second_factors(self.request.user).exists():
            ways = [one for one in ways if one["method"] == "mfa"]
        latest = max((one["at"] for one in ways), default=0)
        return time.time() - latest > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

    def get_reauthentication_methods(self, user):
        methods = super().get_reauthentication_methods(user)
        if second_factors(user).exists():
            return [one for one in methods if one["id"] != "reauthenticate"]
        return methods

    def pre_login(self, request, user, **hooks):
        request.session[FIRST_HALF] = user.get_session_auth_hash()
        return super().pre_login(request, user, **hooks)

    def login(self, request, user):
        """Sign in, unless the password was changed or the account locked since the first half of the sign-in."""
        user.refresh_from_db()
        then = request.session.pop(FIRST_HALF, "")
        if not user.is_active or not constant_time_compare(then, user.get_session_auth_hash()):
            request.session.flush()
            raise ImmediateHttpResponse(redirect("admin:login"))
        # Read before the session of somebody else, who was in here before, goes with all that is in it.
        ways = get_authentication_records(request, user)
        super().login(request, user)
        sessions.begin(request)
        if any(one["method"] == "mfa" for one in ways):
            request.session[sessions.SECOND_FACTOR] = True

    def post_login(self, request, user, **hooks):
        response = super().post_login(request, user, **hooks)
        if kept_forms.waiting(user).exists():
            response.headers["Location"] = reverse("kept_forms")
        throttle.remember(request, response, user.username)
        return response

    def send_notification_mail(self, *args, **kwargs):
        """Send none: messages of this site go through its own queue, and what happens to an account is on record."""


def second_factors(account) -> QuerySet[Authenticator]:
    """Return what an account has beside its password. Recovery codes stand in for something, and are none."""
    return Authenticator.objects.filter(user=account).exclude(type=Authenticator.Type.RECOVERY_CODES)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": "You need a second way to prove who you are. Add another first.",
        "incorrect_code": "This code is not right. Codes change every 30 seconds: wait for the next one and type that.",
    }

    def get_totp_issuer(self):
        return "Medici staff"

    def get_totp_label(self, user):
        return user.username

    def generate_authenticator_name(self, user, type):  # noqa: A002 - allauth's name
        return f"Passkey {Authenticator.objects.filter(user=user, type=type).count() + 1}"

    def encrypt(self, text):
        return str(SecondFactorSecret.objects.create(secret=text).pk)

    def decrypt(self, encrypted_text):
        secret = SecondFactorSecret.objects.get(pk=encrypted_text).secret
        if isinstance(secret, Unreadable):
            # Never empty text: a code made from that could be guessed by anybody.
            raise LookupError(f"A second factor {secret}")  # noqa: TRY004 - its key is missing
        return secret

    def can_delete_authenticator(self, authenticator):
        """Keep the last second factor: without one the desk could not be opened."""
        return second_factors(authenticator.user).exclude(pk=authenticator.pk).exists()
