"""Who looked at what. A page that shows requests writes its line here before it is sent: no line, no page."""

from collections.abc import Iterable

from django.db.models import QuerySet

from appointments import limits
from appointments.models import Access


def record(request, kind: str, references: Iterable[str] = (), *, detail: str = "", by: str | None = None) -> None:
    """Put on record that the user of this web request did something with the requests of these references.

    `by` names the user where the web request does not know them, such as in a sign-in that failed. Raises Django's
    database errors, so that a page whose reading cannot be recorded is not shown.
    """
    if by is None:
        by = request.user.get_username() if request.user.is_authenticated else ""
    Access.objects.create(
        by=by, address=limits.client_address(request), kind=kind, references=list(references), detail=detail
    )


def of_request(reference: str) -> QuerySet[Access]:
    """Return who saw one request, the latest first, also when it was one of many in a list."""
    return Access.objects.filter(references__contains=[reference])
