"""The front desk: everything can be read, nothing that a patient wrote can be changed, and every act is recorded."""

import datetime

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from appointments import outbox, services
from appointments.models import EvaluationRequest, RequestEvent
from tests.factories import make_request, make_user, sign_in

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
    assert "Nov 24, 7:43 PM" in manager_client.get(LIST).content.decode()


def test_requests_cannot_be_deleted_by_the_page(manager_client):
    make_request()
    assert "delete_selected" not in manager_client.get(LIST).content.decode()


def test_a_request_that_cannot_be_read_does_not_hide_the_others(manager_client, manager, settings):
    lost = make_request(name="Lost Patient")
    settings.ENCRYPTION_KEYS = {"other": b"o" * 32}
    sign_in(manager_client, manager)  # sessions went with the key
    make_request(name="Other Patient")
    html = manager_client.get(LIST).content.decode()
    assert "Other Patient" in html
    assert "cannot be read: the key" in html
    assert manager_client.get(f"{LIST}{lost.pk}/change/").status_code == 200
    lost.refresh_from_db()
    with pytest.raises(TypeError, match="cannot be saved"):
        lost.save()


def test_requests_cannot_be_changed(manager_client):
    request = make_request()
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
    sign_in(client, make_user(username="editor", is_superuser=False))
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
    act(desk_client, request, "move", "in hand")
    assert request.status == "in hand"
    assert "Say why." in act(desk_client, request, "close")
    assert request.status == "in hand"
    html = act(desk_client, request, "close", reason="seen")
    assert request.status == "closed"
    assert "front-desk" in html, "the record names who did it"
    assert "cannot become" in act(desk_client, request, "move", "waiting")


@pytest.mark.parametrize(
    "values",
    [
        {"act": "x"}, {"act": "move", "value": "x"}, {"act": "move", "value": "scheduled"}, {"act": "put off"}, {},
        {"act": "contact", "value": "erased"}, {"act": "give", "value": "x"}, {"act": "give", "value": "99999999"},
        {"act": "undo"}, {"act": "letter"}, {"act": "cancel", "reason": "patient"}, {"act": "close", "reason": "x"},
        {"act": "close", "reason": "duplicate"}, {"act": "note", "text": " "},
    ],
)  # fmt: skip
def test_nonsense_changes_nothing(desk_client, values):
    request = make_request()
    assert desk_client.post(f"{LIST}{request.pk}/handle/", values).status_code in (409, 422)
    request.refresh_from_db()
    assert request.status == "new"
    assert RequestEvent.objects.filter(reference=request.reference).count() == 1


def test_suspected_spam_lies_apart_and_can_be_taken_back(desk_client):
    request = make_request(suspicion="hidden field", email="a@mail.example")
    assert request.spoken_reference not in desk_client.get(LIST).content.decode()
    shelf = desk_client.get(LIST, {"show": "spam"}).content.decode()
    assert request.spoken_reference in shelf
    assert 'Suspected spam <span class="count">1</span>' in shelf
    act(desk_client, request, "unshelve")
    assert request.spoken_reference in desk_client.get(LIST).content.decode()
    assert sorted(request.messages.values_list("kind", flat=True)) == ["patient received", "staff new"]
    act(desk_client, request, "shelve")
    assert request.spoken_reference not in desk_client.get(LIST).content.decode()


def order(html, *requests):
    """The requests in the order in which the list shows them."""
    shown = [request for request in requests if request.spoken_reference in html]
    return sorted(shown, key=lambda request: html.index(request.spoken_reference))


def test_the_most_urgent_comes_first_and_overdue_is_said(desk_client):
    closed = make_request(reply_by=datetime.date(2020, 1, 1), needs_same_day_call=True)
    services.move(closed, "closed", reason="seen", by="dana")
    later = make_request(reply_by=datetime.date(2100, 1, 2))
    late = make_request(reply_by=datetime.date(2020, 1, 2))
    today = make_request(reply_by=datetime.date(2100, 1, 2), needs_same_day_call=True)
    html = desk_client.get(LIST).content.decode()
    assert order(html, closed, later, late, today) == [today, late, later]
    assert html.count("CALL TODAY") == 1
    assert html.count("OVERDUE by") == 1
    html = desk_client.get(LIST, {"show": "closed"}).content.decode()
    assert order(html, closed, later, late, today) == [closed]
    assert "Closed: The evaluation took place" in html


# What staff did, and whether the patient still waits for a call today and for the answer that was promised.
@pytest.mark.parametrize(
    ("acts", "call", "overdue"),
    [
        ([], True, True),
        ([("contact", "no answer")], True, True),
        ([("contact", "left message")], True, False),
        ([("contact", "reached")], False, False),
        ([("contact", "left message"), ("contact", "reached")], False, False),
        ([("move", "in hand")], True, True),
        ([("move", "waiting")], True, False),
        ([("contact", "reached"), ("move", "waiting")], False, False),
        ([("shelve", "")], False, False),
    ],
)
def test_the_first_page_and_the_list_agree_on_who_waits(desk_client, acts, call, overdue):
    request = make_request(needs_same_day_call=True, reply_by=datetime.date(2020, 1, 2))
    for kind, value in acts:
        act(desk_client, request, kind, value)
    first = desk_client.get("/admin/").content.decode()
    opened = desk_client.get(f"{LIST}{request.pk}/change/").content.decode()
    for name, words, waits in (("call", "CALL TODAY", call), ("overdue", "OVERDUE", overdue)):
        assert (f"show={name}" in first) == waits
        assert (request.spoken_reference in desk_client.get(LIST, {"show": name}).content.decode()) == waits
        assert (f"<b>{words}" in opened) == waits


def test_a_request_without_a_promised_day_is_never_overdue(desk_client):
    request = make_request(reply_by=None)
    assert "No day" in desk_client.get(LIST).content.decode()
    assert request.spoken_reference not in desk_client.get(LIST, {"show": "overdue"}).content.decode()


def test_the_day_is_that_of_the_clinic(client):
    user = make_user(role="front desk")
    # In New York it is still the evening of the 27th.
    with time_machine.travel("2026-11-28T03:00:00Z"):
        sign_in(client, user)
        make_request(reply_by=datetime.date(2026, 11, 27))
        assert "OVERDUE" not in client.get(LIST).content.decode()
    with time_machine.travel("2026-11-28T06:00:00Z"):
        sign_in(client, user)
        assert "OVERDUE by 1 day<" in client.get(LIST).content.decode()


@pytest.mark.parametrize("state", ["failed", "bounced"])
def test_mail_that_was_not_delivered_is_seen_until_it_is_sent_again(desk_client, state):
    request = make_request(email="a@mail.example")
    message = request.messages.get(kind="patient received")
    assert "show=mail" not in desk_client.get("/admin/").content.decode()
    outbox.give_up(message, state)
    assert "show=mail" in desk_client.get("/admin/").content.decode()
    listed = desk_client.get(LIST, {"show": "mail"}).content.decode()
    assert request.spoken_reference in listed
    assert "Mail was not delivered" in listed
    opened = desk_client.get(f"{LIST}{request.pk}/change/").content.decode()
    assert "A message was not delivered (To the patient: we have your request), by the website" in opened
    assert "Send again" in opened
    html = act(desk_client, request, "send again", message.pk)
    message.refresh_from_db()
    assert message.state == "queued"
    assert "A message is sent again, by front-desk" in html
    assert "Send again" not in html
    assert "Nothing was changed" in act(desk_client, request, "send again", 10**12)


def test_the_message_of_another_request_cannot_be_sent_from_this_one(desk_client):
    other = make_request().messages.get()
    outbox.give_up(other, "failed")
    assert "Nothing was changed" in act(desk_client, make_request(), "send again", other.pk)
    other.refresh_from_db()
    assert other.state == "failed"


def test_safe_contact_rules_stand_before_the_phone_number(desk_client):
    request = make_request(
        who_may_answer="trusted", trusted_person="Sample Friend", times_to_avoid="never at noon", best_times=["midday"],
        access_needs=["hearing"], language="Spanish", needs="a quiet room", email="a@mail.example",
    )  # fmt: skip
    html = desk_client.get(f"{LIST}{request.pk}/change/").content.decode()
    for rule in (
        "NO. Leave no message.", "NO. Send no text message.", "Me, or the person I name here", "Sample Friend",
        "never at noon", "Midday", "Trouble hearing", "Spanish", "a quiet room", "A phone call",
    ):  # fmt: skip
        assert html.index(rule) < html.index("(555) 010-0142"), rule
    assert 'href="tel:+15550100142"' in html
    assert 'href="mailto:a@mail.example"' in html


def test_who_did_not_choose_who_may_answer_gets_the_strictest_rule(desk_client):
    html = desk_client.get(f"{LIST}{make_request().pk}/change/").content.decode()
    assert "Only me. If someone else answers, do not say who is calling" in html
    assert "They did not choose" in html


def test_every_answer_is_shown_in_words(desk_client):
    request = make_request(
        for_whom="other", helper_name="Sample Helper", helper_relation="aunt", fusions="several",
        fusion_areas=["low-back", "unknown"], fusion_year="2019", fusion_levels="L4-L5", concerns=["burning", "gone"],
        tried=["shots"], interests=["hbot", "not-sure", "no-longer-offered"], insurance="insured",
        insurer="Sample Insurance", message="First line.\nSecond line.",
    )  # fmt: skip
    html = desk_client.get(f"{LIST}{request.pk}/change/").content.decode()
    for words in (
        "Sample Helper (aunt)", "Yes, more than one", "Low back<br>I do not know", "2019", "L4-L5",
        "Burning or tingling<br>gone", "Injections and nerve blocks (shots in the spine)",
        "I am not sure<br>no-longer-offered", "Yes, with insurance",
        "Sample Insurance", "First line.<br>Second line.", "We have your request. Someone on our team will read it.",
    ):  # fmt: skip
        assert words in html, words


def test_a_closed_request_can_only_be_opened_again(desk_client):
    request = make_request()
    services.move(request, "closed", reason="not reached", by="dana")
    html = desk_client.get(f"{LIST}{request.pk}/change/").content.decode()
    assert "Open it again" in html
    assert 'value="reached"' not in html
    assert "closed. Open it again first" in act(desk_client, request, "contact", "reached")
    act(desk_client, request, "move", "in hand")
    assert request.status == "in hand"


def test_who_may_only_read_sees_no_buttons(client):
    user = make_user(username="reader", is_superuser=False)
    user.user_permissions.add(Permission.objects.get(codename="view_evaluationrequest"))
    sign_in(client, user)
    request = make_request()
    html = client.get(f"{LIST}{request.pk}/change/").content.decode()
    assert "Sample Patient" in html
    assert "/handle/" not in html
    assert "/person/" not in html
    assert client.post(f"{LIST}{request.pk}/handle/", {"act": "shelve"}).status_code == 403


@pytest.mark.parametrize("where", ["99999999/change/", "x/change/", "99999999/handle/", "x/handle/"])
def test_a_request_that_is_gone_is_not_found(desk_client, where):
    method = desk_client.post if "handle" in where else desk_client.get
    assert method(f"{LIST}{where}", {"act": "shelve"}).status_code == 404


def test_a_button_needs_the_token_of_its_page(client):
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict, make_user(role="front desk"))
    request = make_request()
    assert strict.post(f"{LIST}{request.pk}/handle/", {"act": "shelve"}).status_code == 403
    request.refresh_from_db()
    assert request.suspicion == ""


def test_editors_can_do_nothing(editor_client):
    request = make_request()
    assert editor_client.post(f"{LIST}{request.pk}/handle/", {"act": "shelve"}).status_code == 403
