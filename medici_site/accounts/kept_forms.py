"""What somebody was typing when they were signed out, until they are back."""

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from medici_site.models import KeptForm, User


def keep(account: User, *, page: str, action: str, values: QueryDict) -> None:
    """Keep the fields of a form, encrypted, for the account that filled it in. Chosen files are not among them.

    `page` is the address where it stood, `action` the one it is sent to; both are of this site.
    """
    fields = [[name, value] for name, chosen in values.lists() for value in chosen if name != "csrfmiddlewaretoken"]
    if any(value for _, value in fields):
        KeptForm.objects.create(account=account, page=page, action=action, fields=fields)


def of(account: User) -> QuerySet[KeptForm]:
    """Return what is kept for an account, the latest first."""
    return KeptForm.objects.filter(account=account, kept_at__gt=timezone.now() - KeptForm.KEPT_FOR)


def purge() -> None:
    """Delete what nobody came back for."""
    KeptForm.objects.filter(kept_at__lte=timezone.now() - KeptForm.KEPT_FOR).delete()
