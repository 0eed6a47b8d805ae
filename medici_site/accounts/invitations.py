"""Links by which somebody gets into an account: a new one, or one whose password or second factor is lost.

Nobody types or reads somebody else's password. A link works once, for 72 hours, and the database holds only a hash of
it, so who reads the database gets in nowhere.
"""

import hashlib
import secrets

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from medici_site.accounts.sessions import end_all
from medici_site.models import Invitation, User

FIRST_USERNAME = "manager"


@transaction.atomic
def invite(account: User) -> str:
    """Make the only way into an account a new link, and return its whole address.

    The present password, second factor, sessions and older link of the account end. The link is kept nowhere.
    """
    account.set_unusable_password()
    account.save(update_fields=["password"])
    Authenticator.objects.filter(user=account).delete()
    end_all(account)
    token = secrets.token_urlsafe(32)
    until = timezone.now() + Invitation.VALID_FOR
    Invitation.objects.update_or_create(account=account, defaults={"digest": _digest(token), "until": until})
    return settings.SITE_ADDRESS + reverse("open_invitation", args=[token])


def find(token: str) -> Invitation | None:
    """Return the invitation of a link that still works, else None, whatever is wrong with it."""
    alive = Invitation.objects.filter(until__gt=timezone.now(), account__is_active=True)
    return alive.select_related("account").filter(digest=_digest(token)).first()


@transaction.atomic
def use(invitation: Invitation, password: str) -> bool:
    """Set the password and end the link. Return whether it was still there: of two at once, one gets in."""
    used, _ = Invitation.objects.filter(pk=invitation.pk, digest=invitation.digest).delete()
    if used:
        invitation.account.set_password(password)
        invitation.account.save(update_fields=["password"])
    return bool(used)


@transaction.atomic
def invite_first() -> str | None:
    """Return a link into the first account while nobody has ever been in, creating the account if there is none.

    Each call makes a new link, so one that got lost or grew old is replaced by starting the site again. Returns None
    once anybody has signed in.
    """
    if User.objects.exclude(last_login=None).exists():
        return None
    if not User.objects.exists():
        return invite(User.objects.create(username=FIRST_USERNAME, is_staff=True, is_superuser=True))
    first = User.objects.filter(username=FIRST_USERNAME).first()
    return invite(first) if first else None


def _digest(token):
    return hashlib.sha256(f"invitation:{token}".encode()).hexdigest()
