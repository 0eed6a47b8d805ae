"""A request taken over the phone: warning signs first, the rules of the public form, saved once, nothing typed lost."""

import re
import threading

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client

from appointments.desk.by_phone import ALOUD
from appointments.forms import STEPS
from appointments.models import EvaluationRequest, RequestEvent
from tests.factories import make_user, sign_in
from tests.flow import ANSWERS, EVERYTHING
from tests.stored import tables_with
from treatments import library
from treatments.models import WarningSign

ADD = "/admin/appointments/evaluationrequest/add/"
Level = WarningSign.Level


def hidden(html) -> dict:
    """Return what the page sends along by itself."""
    found = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html):
        found.setdefault(name, []).append(value)
    return found


def answers_of(steps=ANSWERS, **changes) -> dict:
    return {name: value for step in steps.values() for name, value in step.items()} | changes


def begin(client, *signs):
    """Answer the warning signs, and return the page with the other questions."""
    opened = hidden(client.get(ADD).content.decode())
    response = client.post(ADD, {"key": opened["key"], "signs": signs or ["none"]})
    assert response.status_code == 200
    return response.content.decode()


def save(client, html, *signs, steps=ANSWERS, **changes):
    """Press Save on that page; a change to None leaves the field out."""
    values = hidden(html) | {"signs": signs or ["none"], "consent": "on", "save": "Save"} | answers_of(steps) | changes
    return client.post(ADD, {name: value for name, value in values.items() if value is not None})


def sign_of(level):
    return next(sign.slug for sign in library.published().warning_signs if sign.level == level)


def test_it_is_stored_as_if_the_caller_had_sent_it(desk_client):
    response = save(desk_client, begin(desk_client), steps=EVERYTHING, fusion_year="2019")
    request = EvaluationRequest.objects.get()
    assert response.url == f"/admin/appointments/evaluationrequest/{request.pk}/change/"
    for name in ("name", "helper_name", "language", "concerns", "tried", "interests", "insurer", "fusion_levels"):
        assert getattr(request, name) == answers_of(EVERYTHING)[name], name
    assert (request.phone, request.may_text, request.may_leave_message) == ("+15550100142", True, True)
    assert request.privacy_version == library.published().page("privacy").linked.version
    assert request.reply_by
    assert not request.suspicion
    assert request.owner.username == "front-desk"
    event = RequestEvent.objects.get(reference=request.reference)
    assert (event.kind, event.by, event.detail) == ("received", "front-desk", "phone")


def test_the_clerk_reads_the_reference_and_the_day_aloud(desk_client):
    response = save(desk_client, begin(desk_client))
    request = EvaluationRequest.objects.get()
    html = desk_client.get(response.url).content.decode()
    words = f"Your reference is {request.spoken_reference}. You will hear from us by {request.reply_by:%A, %B} "
    assert words in html


def test_the_queue_leads_to_it_for_who_may_use_it(desk_client, client):
    queue = ADD.removesuffix("add/")
    assert f'href="{ADD}"' in desk_client.get(queue).content.decode()
    reader = make_user(role="front desk", username="reader")
    reader.groups.clear()
    reader.user_permissions.add(Permission.objects.get(codename="view_evaluationrequest"))
    sign_in(client, reader)
    assert f'href="{ADD}"' not in client.get(queue).content.decode()
    for method in (client.get, client.post):
        assert method(ADD).status_code == 403


def test_nothing_else_is_asked_before_the_warning_signs(desk_client):
    html = desk_client.get(ADD).content.decode()
    asked = set(re.findall(r'name="(\w+)"', html)) - {"csrfmiddlewaretoken", "key", "signs"}
    assert asked <= {"viewport", "robots"}
    response = desk_client.post(ADD, {"key": hidden(html)["key"]})
    assert response.status_code == 422
    assert "Choose what is happening" in response.content.decode()


SPOKEN = {
    Level.CALL_911: "call 911 now",
    Level.CRISIS_LINE: "Please call or text 988",
    Level.ER: "go to the ER now. Have someone drive you. If nobody can, call 911",
    Level.SAME_DAY: "needs an answer today. If it gets worse, or you cannot wait, go to the ER",
    Level.THIS_WEEK: "within the week",
}
"""What is said to a caller with a sign of each level, the most urgent first."""


@pytest.mark.parametrize("level", Level)
def test_what_to_tell_the_caller_comes_before_anything_else(desk_client, level):
    slug = sign_of(level)
    html = begin(desk_client, slug)
    shown = html[html.index('id="content-main"') :]
    sign = next(sign for sign in library.published().warning_signs if sign.slug == slug)
    at = shown.index(str(sign.advice).split(".")[0].replace("'", "&#x27;"))
    assert at < shown.index("<form")
    assert [one for one, words in SPOKEN.items() if words in shown[: shown.index("<form")]] == [level]
    assert SPOKEN[level] in shown[:at]
    assert save(desk_client, html, slug).status_code == 302, "it is still kept, if the caller wants"
    assert EvaluationRequest.objects.get().needs_same_day_call == (level != Level.THIS_WEEK)


def test_signs_of_all_levels_are_told_one_after_the_other(desk_client):
    shown = begin(desk_client, "none", *map(sign_of, Level))
    at = [shown.index(words) for words in SPOKEN.values()]
    assert at == sorted(at)
    for words, level in zip(at, Level, strict=True):
        sign = next(one for one in library.published().warning_signs if one.slug == sign_of(level))
        assert shown.index(sign.sign[:20], words) > words


def test_a_sign_named_late_in_the_call_is_told_before_anything_is_saved(desk_client):
    slug = sign_of(Level.CALL_911)
    response = save(desk_client, begin(desk_client), slug)
    html = response.content.decode()
    assert response.status_code == 200
    assert "tell them to get help now" in html
    assert 'value="Sample Patient"' in html
    assert not EvaluationRequest.objects.exists()
    assert save(desk_client, html, slug).status_code == 302
    assert EvaluationRequest.objects.get().needs_same_day_call


def test_which_sign_it_was_is_stored_nowhere(desk_client):
    slug = sign_of(Level.SAME_DAY)
    save(desk_client, begin(desk_client, slug), slug)
    assert EvaluationRequest.objects.get().needs_same_day_call
    assert [table for table in tables_with(slug) if table.startswith("appointments")] == []


def test_a_mistake_keeps_everything_and_leads_to_it(desk_client):
    wrong = {"name": None, "phone": "12", "concerns": None, "consent": None, "insurer": "x" * 81}
    response = save(desk_client, begin(desk_client), steps=EVERYTHING, **wrong)
    html = response.content.decode()
    assert response.status_code == 422
    assert "There are 5 things to fix" in html
    for link in ("#id_name", "#id_phone", "#id_concerns_0", "#id_insurer", "#id_consent"):
        assert f'href="{link}"' in html
        assert f'id="{link[1:]}"' in html
    for typed in ('value="12"', "My own words.", 'value="Sample Helper"', 'value="Spanish"', "x" * 81):
        assert typed in html
    folded = re.findall(r'<details class="part">\s*<summary>([^<]*)', html)
    assert folded == ["Warning signs: none"], "what has an answer or an error is unfolded"
    assert len(re.findall("<h1", html)) == 1
    assert "<title>Error: A request by phone" in html
    assert not EvaluationRequest.objects.exists()
    assert save(desk_client, html, steps=EVERYTHING).status_code == 302


def test_one_page_saves_once(desk_client):
    html = begin(desk_client)
    first = save(desk_client, html)
    again = save(desk_client, html, name="Other Patient")
    assert again.url == first.url
    assert EvaluationRequest.objects.get().name == "Sample Patient"
    assert "was saved already" in desk_client.get(again.url).content.decode()
    assert save(desk_client, begin(desk_client)).url != first.url, "a new page is a new request"


def test_a_double_click_makes_one_request(stored):
    user = make_user(role="front desk")
    clients = [Client() for _ in range(4)]
    for client in clients:
        sign_in(client, user)
    html = begin(clients[0])
    together, led_to = threading.Barrier(len(clients)), []

    def click(client):
        together.wait(20)
        led_to.append(save(client, html).url)
        connection.close()

    threads = [threading.Thread(target=click, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert led_to == [f"/admin/appointments/evaluationrequest/{stored.get().pk}/change/"] * 4
        assert RequestEvent.objects.filter(reference=stored.get().reference).count() == 1
    finally:
        stored.update(owner=None)
        user.delete()


def test_an_answer_about_the_phone_counts_only_with_a_phone(desk_client):
    reach = {"contact_by": "email", "phone": "", "email": "sample@mail.example"}
    save(desk_client, begin(desk_client), **reach, may_leave_message="yes", who_may_answer="anyone")
    request = EvaluationRequest.objects.get()
    assert (request.may_leave_message, request.who_may_answer) == (False, "")


def test_consent_is_to_the_notice_as_it_is_now(desk_client, monkeypatch):
    html = begin(desk_client)
    monkeypatch.setattr(library.published().page("privacy").linked, "version", 99)
    response = save(desk_client, html)
    html = response.content.decode()
    assert response.status_code == 422
    assert "has just changed" in html
    assert "(version 99)" in html
    assert "checked" not in re.search(r'<input type="checkbox" name="consent"[^>]*>', html)[0]
    assert save(desk_client, html).status_code == 302
    assert EvaluationRequest.objects.get().privacy_version == 99


def test_nothing_of_it_is_in_the_log_or_the_address(desk_client, caplog):
    response = save(desk_client, begin(desk_client), steps=EVERYTHING)
    said = caplog.text + response.url + str(desk_client.cookies)
    for private in ("Sample", "5550100142", "mail.example", "Spanish", "L4-L5"):
        assert private not in said


def test_a_browser_is_told_to_remember_nothing(desk_client):
    html = begin(desk_client)
    assert set(re.findall(r'autocomplete="(\w+)"', html)) == {"off"}


def test_no_one_is_taken_for_spam_and_a_pause_does_not_stop_the_phone(desk_client, monkeypatch):
    monkeypatch.setattr(library.published().clinic, "requests_paused", True)
    for _ in range(25):
        save(desk_client, begin(desk_client))
    assert EvaluationRequest.objects.filter(suspicion="").count() == 25


def test_there_are_words_to_say_for_each_step():
    assert ALOUD.keys() == {step.slug for step in STEPS}
