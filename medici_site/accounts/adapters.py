"""How allauth, which signs people in, does it here."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.urls import reverse

from appointments import limits
from appointments.encryption import Unreadable
from medici_site.accounts import kept_forms, record, throttle
from medici_site.accounts.middleware import begin
from medici_site.models import SecondFactorSecret

WAIT = (
    "Too many tries. Wait 15 minutes, then try again. If your password or your phone is lost, ask a manager for a new "
    "link."
)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "The user name or the password is not right.",
        "incorrect_password": "The password is not right.",
        "too_many_login_attempts": WAIT,
        "rate_limited": WAIT,
    }

    def is_open_for_signup(self, request):
        return False

    def get_client_ip(self, request):
        """Return the address that the proxy saw; of IPv6 the first of its network."""
        return limits.client_address(request).partition("/")[0] or "::"

    def pre_authenticate(self, request, **credentials):
        if throttle.is_over(request, credentials.get("username", "")):
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request, **credentials):
        user = super().authenticate(request, **credentials)
        if user:
            throttle.give_back(request, credentials["username"])
        return user

    def authentication_failed(self, request, **credentials):
        record.not_let_in(request, credentials.get("username", ""), "wrong password")

    def is_reauthentication_required(self, *, app, **kwargs):
        """Ask again who it is before a second factor changes; the first one is added right after the password."""
        return self._has_second_factor() and super().is_reauthentication_required(app=app, **kwargs)

    def _has_second_factor(self):
        return Authenticator.objects.filter(user=self.request.user).exists()

    def login(self, request, user):
        super().login(request, user)
        begin(request)

    def post_login(self, request, user, **hooks):
        response = super().post_login(request, user, **hooks)
        if kept_forms.of(user).exists():
            response.headers["Location"] = reverse("kept_forms")
        throttle.remember(request, response, user.username)
        return response

    def send_notification_mail(self, *args, **kwargs):
        """Send none: messages of this site go through its own queue, and what happens to an account is on record."""


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
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
