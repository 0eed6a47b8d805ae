"""Warning signs in what people write into a request: told once, then they can go on, and nothing of it is kept."""

import datetime
import json
import re
from html import unescape

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from appointments.models import EvaluationRequest, RequestDraft
from tests.factories import make_request
from tests.flow import ANSWERS, NEEDS, URL, answer, levels_of, pass_safety, press_send
from tests.pages import read
from treatments import library

ANYWHERE = [
    ("words", "message"),
    ("needs", "needs"),
    ("safe-contact", "times_to_avoid"),
    ("who", "helper_relation"),
    ("fusion", "fusion_levels"),
    ("insurance", "insurer"),
]
SIGNS = [
    ("I havent peed since yesterday", "911", "bladder-or-bowel"),
    ("no puedo orinar desde ayer", "911", "bladder-or-bowel"),
    ("I want to die", "988", "self-harm"),
    ("ya no quiero vivir", "988", "self-harm"),
    ("temp of 102 and my back hurts", "er", "fever-with-back-pain"),
    ("my incision is red and oozing", "same day", "wound"),
    ("losing weight without trying", "this week", "cancer-history"),
]
pytestmark = pytest.mark.django_db


def go_to(client, slug):
    """Answer as slowly as a person, up to a step."""
    with time_machine.travel(timezone.now() - datetime.timedelta(minutes=5)):
        pass_safety(client)
        for before in list(ANSWERS)[: list(ANSWERS).index(slug)]:
            answer(client, before)


def go_on(client, told, slug, *, button=None):
    """Press a button of the page that told of a sign: everything that it carries is sent again."""
    fields = {}
    for tag in re.findall(r'<input type="hidden"[^>]*>', told.content.decode()):
        name, value = (re.search(rf'{key}="([^"]*)"', tag)[1] for key in ("name", "value"))
        fields.setdefault(name, []).append(unescape(value))
    fields.pop("csrfmiddlewaretoken", None)
    return client.post(f"{URL}{slug}/", fields | ({button: "1"} if button else {}))


@pytest.mark.parametrize(("words", "level", "slug"), SIGNS)
def test_a_sign_in_own_words_is_told_with_what_it_needs(client, words, level, slug):
    go_to(client, "words")
    response = answer(client, "words", message=f"Mornings are fine. {words}.")
    heading, links = NEEDS[level]
    assert response.status_code == 200
    assert list(levels_of(response)) == [heading]
    assert set(links) <= set(levels_of(response)[heading])
    assert f'name="told" value="{slug}"' in response.content.decode()
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("step", "field"), ANYWHERE)
def test_every_text_is_listened_to(client, step, field):
    go_to(client, step)
    response = answer(client, step, **{field: "I want to die"})
    assert "sms:988" in read(response).links
    assert not RequestDraft.objects.get().answers.get(step)


def test_the_person_is_stopped_once_and_can_go_on(client):
    go_to(client, "words")
    told = answer(client, "words", message="I cannot feel my legs and I want to die")
    response = go_on(client, told, "words")
    assert response.url == f"{URL}check/"
    # Going through the same words again stops nobody.
    assert answer(client, "words", changing=True, message="I cannot feel my legs and I want to die").status_code == 302
    assert press_send(client).status_code == 302
    stored = EvaluationRequest.objects.get()
    assert stored.message == "I cannot feel my legs and I want to die"
    assert stored.needs_same_day_call
    assert stored.call_first


def test_another_sign_is_told_as_well(client):
    go_to(client, "needs")
    go_on(client, answer(client, "needs", needs="i want to die"), "needs")
    for step in ("fusion", "pain", "tried", "interests", "insurance"):
        answer(client, step)
    assert "tel:911" in read(answer(client, "words", message="my lips are blue and im not breathing right")).links


def test_what_was_written_can_be_changed(client):
    go_to(client, "words")
    told = answer(client, "words", message="I want to die")
    response = go_on(client, told, "words", button="rewrite")
    assert response.status_code == 200
    assert "I want to die</textarea>" in response.content.decode()
    assert answer(client, "words", message="Mornings are best").url == f"{URL}check/"
    press_send(client)
    assert not EvaluationRequest.objects.get().needs_same_day_call


def test_words_without_a_sign_stop_nobody(client):
    go_to(client, "words")
    response = answer(
        client, "words", message="This back pain is killing me. I had cancer in 2001. No fever, no chills."
    )
    assert response.url == f"{URL}check/"
    press_send(client)
    assert not EvaluationRequest.objects.get().needs_same_day_call


def test_a_sign_that_can_wait_a_week_asks_for_no_call_today(client):
    go_to(client, "words")
    go_on(client, answer(client, "words", message="losing weight without trying"), "words")
    press_send(client)
    assert not EvaluationRequest.objects.get().needs_same_day_call


def test_a_sign_comes_before_other_mistakes(client):
    go_to(client, "who")
    told = answer(client, "who", name="", helper_relation="I want to die")
    assert "tel:988" in read(told).links
    assert go_on(client, told, "who").status_code == 422


def test_nothing_of_what_was_heard_is_stored(client):
    go_to(client, "words")
    go_on(client, answer(client, "words", message="I want to die"), "words")
    kept = RequestDraft.objects.get()
    assert "self-harm" not in json.dumps(kept.answers)
    press_send(client)
    row = EvaluationRequest.objects.values().get()
    assert "self-harm" not in json.dumps(row, default=str)


def test_words_of_two_fields_make_no_sign(client):
    go_to(client, "who")
    names = {"name": "Ann Numb", "helper_name": "Lou", "helper_relation": "Between my legs I hold a cello"}
    assert answer(client, "who", for_whom="other", **names).status_code == 302


def test_a_sign_is_told_while_the_database_is_away(client, monkeypatch):
    go_to(client, "words")

    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(library, "published_and_due", away)
    told = answer(client, "words", message="I want to die")
    assert "tel:988" in read(told).links
    response = go_on(client, told, "words")
    assert response.status_code == 503
    assert "I want to die</textarea>" in response.content.decode()


def test_a_sign_in_times_that_are_changed_later_asks_for_a_call(client):
    request = make_request(reached_at=timezone.now())
    address = f"{URL}yours/{request.tracking_token}/times/"
    told = client.post(address, {"times_to_avoid": "i cant pee"})
    assert "tel:911" in read(told).links
    assert client.post(address, {"times_to_avoid": "i cant pee", "told": "bladder-or-bowel"}).status_code == 302
    request.refresh_from_db()
    assert request.call_first
