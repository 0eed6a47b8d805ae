"""The clinic's list of requests: everything can be read, nothing can be changed."""

import pytest
import time_machine
from django.urls import reverse

from appointments.models import EvaluationRequest
from tests.factories import make_request, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/appointments/evaluationrequest/"


def test_it_works(manager_client):
    request = make_request(message="my words", interests=["hbot", "not-sure"], needs="large print")
    listed = manager_client.get(LIST).content.decode()
    assert request.spoken_reference in listed
    assert "Sample Patient" in listed
    opened = manager_client.get(f"{LIST}{request.pk}/change/").content.decode()
    for shown in ("my words", "(555) 010-0142", "Pain that shoots down the leg", "Hyperbaric oxygen", "large print"):
        assert shown in opened
    assert "NO. Leave no message." in opened


def test_times_are_those_of_the_clinic(manager_client):
    with time_machine.travel("2026-11-25T00:43:00Z"):
        make_request()
    assert "Nov. 24, 2026, 7:43 p.m." in manager_client.get(LIST).content.decode()


def test_requests_cannot_be_deleted_by_the_page(manager_client):
    make_request()
    assert "delete_selected" not in manager_client.get(LIST).content.decode()


@pytest.mark.parametrize("typed", ["CF4HK7PR", "cf4-hk7-pr", "CF4"])
def test_search_by_reference(manager_client, typed):
    make_request()
    EvaluationRequest.objects.update(reference="CF4HK7PR")
    make_request()
    assert "1 evaluation request" in manager_client.get(LIST, {"q": typed}).content.decode()


def test_a_request_that_cannot_be_read_does_not_hide_the_others(manager_client, settings):
    lost = make_request(name="Lost Patient")
    settings.ENCRYPTION_KEYS = {"other": b"o" * 32}
    make_request(name="Other Patient")
    html = manager_client.get(LIST).content.decode()
    assert "Other Patient" in html
    assert "cannot be read: the key" in html
    assert manager_client.get(f"{LIST}{lost.pk}/change/").status_code == 200
    lost.refresh_from_db()
    with pytest.raises(TypeError, match="cannot be saved"):
        lost.save()


def test_a_request_can_be_deleted_when_its_sender_asks(manager_client):
    request = make_request()
    manager_client.post(f"{LIST}{request.pk}/delete/", {"post": "yes"})
    assert not EvaluationRequest.objects.exists()


def test_requests_cannot_be_added_or_changed(manager_client):
    request = make_request()
    assert manager_client.get(f"{LIST}add/").status_code == 403
    assert manager_client.post(f"{LIST}{request.pk}/change/", {"name": "Other"}).status_code == 403
    assert EvaluationRequest.objects.get().name == "Sample Patient"


def test_a_hostile_request_stays_text(manager_client):
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7|add:7 }}"
    request = make_request(name=hostile, message=hostile, needs=hostile, helper_name=hostile, helper_relation=hostile)
    for url in (LIST, f"{LIST}{request.pk}/change/", f"{LIST}{request.pk}/history/"):
        html = manager_client.get(url).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_titles_and_history_hold_no_name(manager_client):
    request = make_request(name="Canary Name")
    html = manager_client.get(f"{LIST}{request.pk}/change/").content.decode()
    assert "Canary" not in html.partition("<title>")[2].partition("</title>")[0]
    assert "Canary" not in manager_client.get(f"{LIST}{request.pk}/history/").content.decode()


@pytest.mark.parametrize("url", [LIST, f"{LIST}1/change/", reverse("admin:index")])
def test_strangers_are_sent_to_sign_in(client, url):
    response = client.get(url)
    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


def test_staff_without_permission_see_no_request(client):
    make_request()
    client.force_login(make_user(username="editor", is_superuser=False))
    assert client.get(LIST).status_code == 403


def test_the_list_costs_few_queries(manager_client, django_assert_max_num_queries):
    for _ in range(20):
        make_request()
    with django_assert_max_num_queries(8):
        manager_client.get(LIST)
