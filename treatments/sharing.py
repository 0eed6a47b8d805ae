"""Share links: somebody without an account reads one version for seven days.

The address carries a signed number of a row. The signature makes it impossible to guess, the row makes it possible
to end, and every opening is a line in the history of the version.
"""

import datetime

from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from treatments import preview, publishing
from treatments.models import ShareLink, Version, VersionEvent

LIFE = datetime.timedelta(days=7)
_signer = signing.Signer(salt="treatments.share-link")


@transaction.atomic
def share(version: Version, *, by) -> ShareLink:
    """Make a new link to a version. Raises RefusedError for words that no page would show."""
    words = preview.library_with(version)
    content = words.get(version.kind, version.record["slug"])
    if content is None or preview.address(content, words) is None:
        raise publishing.RefusedError("No page shows these words yet, so there is nothing to read at a link.")
    link = ShareLink.objects.create(version=version, created_by=by, expires_at=timezone.now() + LIFE)
    publishing.log(version, VersionEvent.Action.SHARED, by)
    return link


@transaction.atomic
def end(link: ShareLink, *, by) -> None:
    """End a link before its time. Ending it again changes nothing."""
    if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        publishing.log(link.version, VersionEvent.Action.UNSHARED, by)


def address(link: ShareLink) -> str:
    return reverse("shared_draft", args=[_signer.sign(str(link.pk))])


def version_of(token: str) -> Version | None:
    """Return the version that a link leads to, or None for a link that is wrong or has ended."""
    try:
        number = int(_signer.unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    living = ShareLink.objects.filter(pk=number, revoked_at=None, expires_at__gt=timezone.now())
    link = living.select_related("version").first()
    return link and link.version
