"""What is put on record about accounts, beside who looked at which request: it is the same record."""

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

from appointments import access
from appointments.models import Access, RequestEvent
from medici_site.accounts import throttle
from medici_site.models import User

NAMES = {
    Authenticator.Type.TOTP: "authenticator app",
    Authenticator.Type.WEBAUTHN: "passkey",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}
CHANGES = {authenticator_added: "added", authenticator_removed: "removed", authenticator_reset: "made anew"}


def account(request, what: str, of: User | None = None) -> None:
    """Put on record that somebody changed their own account, or that `of` another person."""
    access.record(request, Access.Kind.ACCOUNT, detail=f"{what}: {of.username}"[:80] if of else what)


def not_let_in(request, typed: str, why: str) -> None:
    """Put on record that somebody tried an account in vain. A name that no account has is not kept.

    The record is never deleted, so strangers cannot fill it: tries at no account are one line in a while.
    """
    name = throttle.account_name(typed)
    if name or not throttle.is_on_record(request):
        access.record(request, Access.Kind.NOT_LET_IN, detail=why, by=name)


def by_command(what: str, of: User) -> None:
    """Put on record what whoever has the machine did with an account."""
    detail = f"{what}: {of.username}"[:80]
    Access.objects.create(by=RequestEvent.COMMAND_LINE, kind=Access.Kind.ACCOUNT, detail=detail)


@receiver(user_logged_in)
def _signed_in(request, user, **kwargs):
    ways = get_authentication_records(request, user)
    codes = [one["type"] for one in ways if one["method"] == "mfa"]
    alone = "by a link" if any(one.get("by_link") for one in ways) else "with a password alone"
    detail = f"with {NAMES[codes[-1]]}" if codes else alone
    access.record(request, Access.Kind.SIGNED_IN, detail=detail, by=user.username)


@receiver(user_logged_out)
def _signed_out(request, user, **kwargs):
    if user:
        why = getattr(request, "signed_out_because", "")
        access.record(request, Access.Kind.SIGNED_OUT, detail=why, by=user.username)


@receiver(authentication_failed)
def _wrong_code(request, user, **kwargs):
    access.record(request, Access.Kind.NOT_LET_IN, detail="wrong code", by=user.username)


@receiver([authenticator_added, authenticator_removed, authenticator_reset])
def _changed(signal, request, user, authenticator, **kwargs):
    detail = f"{CHANGES[signal]}: {NAMES[authenticator.type]}"
    access.record(request, Access.Kind.ACCOUNT, detail=detail, by=user.username)
