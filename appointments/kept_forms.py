"""What staff were typing when they were signed out, until they are back. It may be about a patient, so it is kept like
what patients send: encrypted, and not for long."""

import re

from django.contrib.auth import get_user_model
from django.core import signing
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from appointments.encryption import Unreadable
from appointments.models import KeptForm

SALT = "kept form"
MOST = 20
"""Forms that are kept for one account; the latest push out the oldest."""


def ticket(account) -> str:
    """Return what lets a page keep something for the account that it was made for, also after that has signed out.

    Whoever else signs in meanwhile, in the same browser, neither gets it nor sees it.
    """
    return signing.dumps(account.pk, salt=SALT)


def account_of(ticket: str):
    """Return the active account that a page was made for, or None."""
    try:
        pk = signing.loads(ticket, salt=SALT, max_age=KeptForm.KEPT_FOR)
    except signing.BadSignature:
        return None
    return get_user_model().objects.filter(pk=pk, is_active=True).first()


def keep(account, *, page: str, action: str, values: QueryDict) -> bool:
    """Keep the fields of a form for the account that filled it in, and return whether there was anything to keep.

    `page` is the address where it stood, and `action` the one that a button sent it to; both are of the admin. Without
    an action it can be read and copied, and not be sent. Chosen files, passwords and codes are never kept.
    """
    if not is_of_admin(page) or (action and not is_of_admin(action)) or _is_of_account(action or page):
        return False
    fields = [[name, value] for name, chosen in values.lists() for value in chosen if name != "csrfmiddlewaretoken"]
    if not any(value.strip() for _, value in fields):
        return False
    KeptForm.objects.create(account=account, page=page, action=action, fields=fields)
    for one in KeptForm.objects.filter(account=account)[MOST:]:
        one.delete()
    return True


def of(account) -> QuerySet[KeptForm]:
    """Return what is kept for an account, the latest first."""
    return KeptForm.objects.filter(account=account, kept_at__gt=timezone.now() - KeptForm.KEPT_FOR)


def waiting(account) -> QuerySet[KeptForm]:
    """Return what an account has not sent again yet."""
    return of(account).filter(sent_at=None)


def readable(forms: QuerySet[KeptForm]) -> list[KeptForm]:
    """Return those that can still be decrypted: one whose key is gone must not take the page with it."""
    return [one for one in forms if not any(isinstance(part, Unreadable) for part in one.fields)]


def purge() -> None:
    """Delete what has had its time."""
    KeptForm.objects.filter(kept_at__lte=timezone.now() - KeptForm.KEPT_FOR).delete()


def forget(keys: list[int]) -> None:
    """Delete what was typed on the pages of these requests, which are being deleted themselves."""
    for one in KeptForm.objects.only("page", "action"):
        named = re.findall(r"/evaluationrequest/(\d+)/", f"{one.page} {one.action}")
        if set(map(int, named)) & set(keys):
            one.delete()


def is_of_admin(address: str) -> bool:
    """Tell whether an address is one of the admin of this site, and of nothing else."""
    return address.startswith(reverse("admin:index")) and url_has_allowed_host_and_scheme(address, allowed_hosts=None)


def _is_of_account(address):
    """Tell whether what is typed there may be a password or a code."""
    return address.startswith((reverse("mfa_index"), reverse("admin:password_change"), reverse("admin:login")))
