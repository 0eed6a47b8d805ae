"""The lists of the desk and who else has written: found in an index made for it, however many requests there are."""

import pytest
from django.db import connection

from appointments import privacy
from appointments.desk.queue import _order, in_view
from appointments.models import EvaluationRequest
from tests.factories import make_request, make_user
from treatments.library import published

pytestmark = pytest.mark.django_db


def plan(requests, *avoiding) -> str:
    """Return how Postgres goes about it when it avoids what is slow in a large table.

    Everything but the way that is looked for is avoided, because in a table of three rows all ways cost the same.
    """
    with connection.cursor() as cursor:
        for way in ("seqscan", *avoiding):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    return requests.explain()


@pytest.mark.parametrize(
    ("view", "index"),
    [
        ("now", "request_queue"),
        ("overdue", "request_queue"),
        ("unassigned", "request_queue"),
        ("closed", "request_closed"),
        ("spam", "request_spam"),
        ("all", "request_sent"),
    ],
)
def test_each_list_has_its_index(view, index):
    for _ in range(3):
        make_request()
    shown = EvaluationRequest.objects.filter(in_view(view, published().today, make_user()))
    listed = plan(shown.order_by(*_order(view))[:50], "bitmapscan", "sort")
    assert f"using {index} " in listed
    assert "Sort" not in listed


def test_who_else_wrote_is_looked_up_and_not_searched_for():
    one = make_request(email="sample@mail.example")
    found = plan(
        privacy.find_person(reference=one.reference).exclude(pk=one.pk).order_by("-received_at")[:20], "indexscan"
    )
    assert "phone_lookup" in found
    assert "email_lookup" in found
    assert "request_received" not in found
