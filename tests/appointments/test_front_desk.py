"""Buttons pressed twice, or by two people: what is on record is what was done, once."""

import re
import threading

import pytest
from django.db import connection
from django.test import Client

from appointments import services
from appointments.models import RequestEvent
from tests.factories import make_request, make_user, sign_in

LIST = "/admin/appointments/evaluationrequest/"


def buttons(client, request):
    """Open the page of a request, and return the one address to which all its buttons lead."""
    html = client.get(f"{LIST}{request.pk}/change/").content.decode()
    (address,) = set(re.findall(r'<form method="post" action="([^"]*/handle/[^"]*)"', html))
    return address


def press(client, address, act, value):
    return client.post(address, {"act": act, "value": value}, follow=True).content.decode()


def record(request):
    return list(RequestEvent.objects.filter(reference=request.reference).values_list("kind", flat=True))


@pytest.mark.django_db
def test_a_second_click_is_not_recorded(desk_client):
    request = make_request()
    address = buttons(desk_client, request)
    assert "Done, and put on record" in press(desk_client, address, "contact", "no answer")
    assert "Please look again" in press(desk_client, address, "contact", "no answer")
    assert record(request) == ["received", "no answer"]
    assert "Done" in press(desk_client, buttons(desk_client, request), "contact", "no answer")
    assert record(request) == ["received", "no answer", "no answer"]


@pytest.mark.django_db
def test_who_has_not_seen_that_the_patient_withdrew_changes_nothing(desk_client):
    request = make_request()
    address = buttons(desk_client, request)
    services.withdraw(request)
    html = press(desk_client, address, "move", "in hand")
    assert "Please look again" in html
    assert "Withdrawn by the patient" in html
    request.refresh_from_db()
    assert request.status == "closed"


def test_two_clicks_at_the_same_moment_are_one(stored, django_db_blocker):
    request, user = make_request(), make_user(role="front desk")
    clients = [Client() for _ in range(4)]
    for client in clients:
        sign_in(client, user)
    address = buttons(clients[0], request)
    together = threading.Barrier(len(clients))

    def click(client):
        together.wait(20)
        client.post(address, {"act": "contact", "value": "reached"})
        connection.close()

    threads = [threading.Thread(target=click, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert record(request) == ["received", "reached"]
    finally:
        user.delete()
