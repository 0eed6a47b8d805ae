"""The clinic's list of requests: everything can be read, nothing can be changed."""

import datetime

import pytest
import time_machine
from django.urls import reverse

from appointments import outbox
from appointments.models import EvaluationRequest, RequestEvent
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
    with django_assert_max_num_queries(10):
        manager_client.get(LIST)


# -- What staff do ---------------------------------------------------------------------------------------------------


def act(client, request, act, value="", **more):
    response = client.post(f"{LIST}{request.pk}/handle/", {"act": act, "value": value} | more, follow=True)
    request.refresh_from_db()
    return response.content.decode()


def test_calls_and_moves_are_recorded_and_the_patient_reads_them(desk_client, client):
    request = make_request()
    assert "Done, and put on record." in act(desk_client, request, "contact", "left message")
    assert request.status == "waiting"
    shown = client.get(f"/request-evaluation/yours/{request.tracking_token}/").content.decode()
    assert "We left you a message." in shown
    act(desk_client, request, "move", "scheduled")
    assert request.status == "scheduled"
    assert "Say why you close" in act(desk_client, request, "move", "closed")
    assert request.status == "scheduled"
    html = act(desk_client, request, "move", "closed", reason="seen")
    assert request.status == "closed"
    assert "front-desk" in html, "the record names who did it"
    assert "cannot become" in act(desk_client, request, "move", "waiting")


@pytest.mark.parametrize(
    "values", [{"act": "x"}, {"act": "move", "value": "x"}, {"act": "contact", "value": "erased"}, {}]
)
def test_nonsense_changes_nothing(desk_client, values):
    request = make_request()
    desk_client.post(f"{LIST}{request.pk}/handle/", values)
    request.refresh_from_db()
    assert request.status == "new"
    assert RequestEvent.objects.filter(reference=request.reference).count() == 1


def test_suspected_spam_lies_apart_and_can_be_taken_back(desk_client):
    request = make_request(suspicion="hidden field", email="a@mail.example")
    assert request.spoken_reference not in desk_client.get(LIST).content.decode()
    shelf = desk_client.get(LIST, {"shelf": "spam"}).content.decode()
    assert request.spoken_reference in shelf
    assert "Suspected spam (1)" in shelf
    act(desk_client, request, "unshelve")
    assert request.spoken_reference in desk_client.get(LIST).content.decode()
    assert sorted(request.messages.values_list("kind", flat=True)) == ["patient received", "staff new"]
    act(desk_client, request, "shelve")
    assert request.spoken_reference not in desk_client.get(LIST).content.decode()


def test_the_most_urgent_request_comes_first_and_overdue_is_said(desk_client):
    late = make_request(reply_by=datetime.date(2020, 1, 2))
    today = make_request(needs_same_day_call=True)
    html = desk_client.get(LIST).content.decode()
    assert html.index(today.spoken_reference) < html.index(late.spoken_reference)
    assert "CALL TODAY" in html
    assert "Jan 2 (OVERDUE)" in html


def test_mail_that_was_not_delivered_is_seen_on_the_first_page(desk_client):
    request = make_request(email="a@mail.example")
    message = request.messages.get(kind="patient received")
    outbox.give_up(message, "bounced")
    assert "with a message that was not delivered" in desk_client.get("/admin/").content.decode()
    assert request.spoken_reference in desk_client.get(LIST, {"mail": "failed"}).content.decode()
    act(desk_client, request, "send again", message.identifier)
    message.refresh_from_db()
    assert message.state == "queued"


def test_safe_contact_rules_stand_before_the_phone_number(desk_client):
    request = make_request(who_may_answer="trusted", trusted_person="Sample Friend", times_to_avoid="never at noon")
    html = desk_client.get(f"{LIST}{request.pk}/change/").content.decode()
    assert html.index("NO. Leave no message.") < html.index("(555) 010-0142")
    assert html.index("Sample Friend") < html.index("(555) 010-0142")
    assert html.index("never at noon") < html.index("(555) 010-0142")


def test_editors_can_do_nothing(editor_client):
    request = make_request()
    assert editor_client.post(f"{LIST}{request.pk}/handle/", {"act": "shelve"}).status_code == 403


def test_a_deleted_request_leaves_its_line_on_record(manager_client, manager):
    request = make_request()
    manager_client.post(f"{LIST}{request.pk}/delete/", {"post": "yes"})
    event = RequestEvent.objects.get(kind="erased")
    assert (event.reference, event.by) == (request.reference, manager.get_username())
