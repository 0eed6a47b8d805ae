"""Spam and floods: suspected spam is kept apart, floods are slowed, and a patient always gets through."""

import datetime
import hashlib
import itertools
import uuid

import pytest
import time_machine
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appointments import gate, limits
from appointments.models import EvaluationRequest, Message, RequestDraft
from tests.flow import URL, fill_in, hidden, pass_safety, press_send, send
from tests.pages import read

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _little_work(monkeypatch):
    # How long the real work takes is a matter of the browser, and tests/browser/test_flood.py does it there.
    monkeypatch.setattr(gate, "EASY", 10)
    monkeypatch.setattr(gate, "HARD", 13)


@pytest.fixture
def clock():
    """Time stands still at the beginning of a window, and moves only when a test says so."""
    with time_machine.travel("2026-11-25T10:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def flood(clock):
    """Use up the limit of one address, or that of all addresses together."""

    def use_up(limit, key=""):
        for _ in range(limit.times):
            limits.is_over(limit, key)

    return use_up


@pytest.fixture
def filled(client, clock):
    """A browser that has filled in everything, as slowly as a person."""
    fill_in(client)
    clock.shift(5 * MINUTE)
    return client


def solve(ticket, bits) -> str:
    """Find a number that is worth just so many bits."""
    digests = (hashlib.sha256(f"{ticket}:{number}".encode()).digest() for number in itertools.count())
    return str(next(number for number, one in enumerate(digests) if int.from_bytes(one) >> (255 - bits) == 1))


def challenge(response):
    html = response.content.decode()
    ticket = html.split('name="ticket" value="')[1].split('"')[0]
    return ticket, int(html.split('data-bits="')[1].split('"')[0])


@pytest.fixture
def judge(clock):
    """Ask the gate about a new draft: `judge("203.0.113.9", ticket="…")`. The draft is as old as a person needs."""

    def ask(address="203.0.113.9", *, draft=None, age=5 * MINUTE, **data):
        if draft is None:
            draft = RequestDraft(submission_key=uuid.uuid4(), started_at=timezone.now() - age)
        return gate.judge(RequestFactory().post("/", data, REMOTE_ADDR=address), draft)

    return ask


# -- Suspected spam --------------------------------------------------------------------------------------------------


def test_a_patient_raises_no_suspicion(client):
    send(client)
    assert EvaluationRequest.objects.get().suspicion == ""


def test_a_field_that_people_do_not_see_puts_a_request_on_the_shelf(filled):
    confirmation = press_send(filled, website="https://spam.example")
    assert read(filled.get(confirmation.url)).says("We have your request")
    assert EvaluationRequest.objects.get().suspicion == "hidden field"
    assert not Message.objects.exists(), "nobody is told, and nobody's mailbox is filled"


@pytest.mark.parametrize(("seconds", "suspicion"), [(14, "too fast"), (16, "")])
def test_nobody_is_that_fast(client, clock, seconds, suspicion):
    fill_in(client)
    clock.shift(seconds)
    press_send(client)
    assert EvaluationRequest.objects.get().suspicion == suspicion


@pytest.mark.parametrize(
    ("age", "suspicion"), [(14.999, "too fast"), (15, ""), (0, "too fast"), (-1, ""), (-3600, "")], ids=str
)
def test_a_clock_that_is_set_back_makes_nobody_suspect(judge, age, suspicion):
    assert judge(age=datetime.timedelta(seconds=age)).suspicion == suspicion


def test_a_page_out_of_a_flood_can_be_sent_later_and_twice(filled, flood, clock):
    flood(limits.SEND_FROM_ALL)
    ticket, bits = challenge(press_send(filled))
    data = hidden(filled) | {"consent": "on", "ticket": ticket, "proof": solve(ticket, bits)}
    clock.shift(20 * MINUTE)  # nobody floods us any more
    first = filled.post(f"{URL}check/", data)
    assert first.status_code == 302
    assert filled.post(f"{URL}check/", data).url == first.url
    assert EvaluationRequest.objects.get().suspicion == ""


# -- One address -----------------------------------------------------------------------------------------------------


def test_twenty_people_behind_one_address_are_no_flood(client, clock):
    for _ in range(20):
        fill_in(client)
        clock.shift(20)
        assert press_send(client).status_code == 302
    assert EvaluationRequest.objects.filter(suspicion="").count() == 20


def test_one_address_that_sends_too_often_waits_and_loses_nothing(filled, flood, clock):
    flood(limits.SEND, "127.0.0.1")
    response = press_send(filled)
    shown = read(response)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "300", "the window ends at 10:10, and now it is 10:05"
    assert shown.says("nothing you typed is lost")
    assert shown.says("wait ten minutes")
    assert shown.says("Sample Patient")
    assert "tel:+15550100100" in shown.links
    assert not EvaluationRequest.objects.exists()
    assert press_send(filled).status_code == 429, "waiting a little is not enough for one address"
    clock.shift(datetime.timedelta(minutes=4, seconds=59))
    assert press_send(filled).status_code == 429
    clock.shift(1)
    assert press_send(filled).status_code == 302
    assert EvaluationRequest.objects.get().suspicion == ""


def test_a_patient_in_the_same_hospital_gets_through_by_work(filled, flood):
    flood(limits.SEND, "127.0.0.1")
    ticket, bits = challenge(press_send(filled))
    assert press_send(filled, ticket=ticket, proof=solve(ticket, bits)).status_code == 302
    assert EvaluationRequest.objects.get().suspicion == ""


def test_a_made_up_address_does_not_help_a_flooder(filled, flood):
    flood(limits.SEND, "127.0.0.1")
    data = hidden(filled) | {"consent": "on"}
    response = filled.post(f"{URL}check/", data, headers={"X-Forwarded-For": "203.0.113.77"})
    assert response.status_code == 429


def test_other_addresses_are_not_touched(filled, flood):
    flood(limits.SEND, "203.0.113.9")
    assert press_send(filled).status_code == 302


def test_sending_again_what_was_sent_is_never_limited(filled, flood):
    data = hidden(filled) | {"consent": "on"}
    first = filled.post(f"{URL}check/", data)
    for _ in range(30):
        assert filled.post(f"{URL}check/", data).url == first.url


def test_beginning_is_limited_too(client, flood):
    flood(limits.BEGIN, "127.0.0.1")
    response = pass_safety(client)
    assert response.status_code == 429
    assert read(response).says("Too many tries. Please wait a few minutes")
    assert 0 < int(response.headers["Retry-After"]) <= 600
    assert not RequestDraft.objects.exists()


def test_one_address_alone_does_not_make_everybody_work(judge, flood):
    flood(limits.SEND, "203.0.113.9")
    flood(limits.SEND_FROM_ALL._replace(times=limits.SEND_FROM_ALL.times - 1))
    for _ in range(5):
        assert not judge("203.0.113.9").passes
    assert judge("198.51.100.7").passes


def test_one_address_cannot_wait_its_way_through(judge, flood, clock):
    flood(limits.SEND, "203.0.113.9")
    draft = RequestDraft(submission_key=uuid.uuid4(), started_at=timezone.now() - 5 * MINUTE)
    ticket = judge(draft=draft).challenge.ticket
    clock.shift(9 * MINUTE)
    assert not judge(draft=draft, ticket=ticket).passes


# -- A flood from everywhere -----------------------------------------------------------------------------------------


def test_six_full_addresses_are_a_flood(judge):
    for number in range(6):
        for _ in range(limits.SEND.times):
            assert judge(f"203.0.113.{number}").passes
    verdict = judge("198.51.100.7")
    assert not verdict.passes
    assert verdict.challenge.may_wait
    assert verdict.retry_after == 30


def test_in_a_flood_work_lets_a_patient_through(filled, flood):
    flood(limits.SEND_FROM_ALL)
    response = press_send(filled)
    assert response.status_code == 429
    assert b"proof-of-work.js" in response.content
    ticket, bits = challenge(response)
    assert press_send(filled, ticket=ticket, proof=solve(ticket, bits)).status_code == 302
    assert EvaluationRequest.objects.get().suspicion == ""


def test_in_a_flood_waiting_lets_a_patient_through_without_script(filled, flood, clock):
    flood(limits.SEND_FROM_ALL)
    ticket, _ = challenge(press_send(filled))
    clock.shift(29)
    assert press_send(filled, ticket=ticket).status_code == 429
    clock.shift(1)
    assert press_send(filled, ticket=ticket).status_code == 302
    assert EvaluationRequest.objects.get().suspicion == "flood"


@pytest.fixture
def asked(judge, flood):
    """A draft that has been asked for work, the easy or the hard one, with its ticket and a proof of just that work."""

    def ask(bits):
        draft = RequestDraft(submission_key=uuid.uuid4(), started_at=timezone.now() - 5 * MINUTE)
        flood(limits.SEND_FROM_ALL)
        if bits == gate.HARD:
            flood(limits.SEND, "203.0.113.9")
        challenge = judge(draft=draft).challenge
        assert challenge.bits == bits
        return draft, challenge.ticket, solve(challenge.ticket, bits)

    return ask


def test_an_easy_proof_does_not_pass_for_a_hard_one(judge, asked, flood):
    draft, ticket, proof = asked(gate.EASY)
    assert judge(draft=draft, ticket=ticket, proof=proof).passes
    flood(limits.SEND, "203.0.113.9")
    verdict = judge(draft=draft, ticket=ticket, proof=proof)
    assert not verdict.passes
    assert verdict.challenge.bits == gate.HARD


def test_a_hard_proof_passes_for_an_easy_one(judge, asked):
    draft, ticket, proof = asked(gate.HARD)
    assert judge("198.51.100.7", draft=draft, ticket=ticket, proof=proof) == gate.Verdict(True)


def test_a_proof_fits_the_ticket_and_nothing_else(judge, asked, clock):
    draft, ticket, proof = asked(gate.EASY)
    signed, given_out, signature = ticket.split(":")
    key, salt = signed.split(".")
    other = RequestDraft(submission_key=uuid.uuid4(), started_at=draft.started_at)
    assert not judge(draft=other, ticket=ticket, proof=proof).passes
    for changed in (
        f"{key}.{salt[:-1]}:{given_out}:{signature}",
        f"{other.pk.hex}.{salt}:{given_out}:{signature}",
        f"{signed}:0:{signature}",  # given out long ago, so one need not wait
        f"{signed}:{given_out}:",
        signed,
    ):
        assert not judge(draft=draft, ticket=changed, proof=solve(changed, gate.EASY)).passes, changed
    assert not judge(draft=draft, ticket=ticket, proof=solve(ticket, gate.EASY - 1)).passes
    clock.shift(30 * MINUTE)
    for _ in range(limits.SEND_FROM_ALL.times):  # a new window, and the flood goes on
        limits.is_over(limits.SEND_FROM_ALL)
    assert judge(draft=draft, ticket=ticket, proof=proof).passes
    clock.shift(1)
    assert not judge(draft=draft, ticket=ticket, proof=proof).passes


@pytest.mark.parametrize("proof", ["", "-1", "x", "1" * 5000, "٣", "１"])
def test_junk_is_no_proof(judge, asked, monkeypatch, proof):
    draft, ticket, _ = asked(gate.EASY)
    monkeypatch.setattr(gate, "EASY", 60)  # so that no junk fits by chance
    assert not judge(draft=draft, ticket=ticket, proof=proof).passes


@given(ticket=st.text(), proof=st.text(), website=st.text())
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_junk_is_answered_with_a_challenge(judge, flood, ticket, proof, website):
    if judge("198.51.100.7").passes:  # the first time round
        flood(limits.SEND_FROM_ALL)
    verdict = judge(ticket=ticket, proof=proof, website=website)
    assert not verdict.passes
    assert verdict.challenge.ticket


# -- Looking up a request --------------------------------------------------------------------------------------------


def look_up(client, reference, proof, **headers):
    return client.post(f"{URL}find/", {"reference": reference, "proof": proof}, headers=headers)


def test_guessing_the_digits_is_slowed_for_an_address_and_for_a_reference(client, clock, settings):
    settings.BEHIND_PROXY = True
    send(client)
    request = EvaluationRequest.objects.get()
    for number in range(10):
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        typed = [request.reference, request.spoken_reference.lower()][number % 2]
        assert look_up(client, typed, f"{number:04}", **headers).status_code == 422
    # From yet another address, and even with the right digits.
    refused = look_up(client, request.reference, "0142", **{"X-Forwarded-For": "203.0.113.99"})
    assert refused.status_code == 429
    assert 3000 < int(refused.headers["Retry-After"]) <= 3600
    assert read(refused).says("wait up to an hour")
    clock.shift(60 * MINUTE)
    assert look_up(client, request.reference, "0142", **{"X-Forwarded-For": "203.0.113.99"}).status_code == 302
    for number in range(10):
        look_up(client, f"CF4HK7P{number}", "0142", **{"X-Forwarded-For": "203.0.113.50"})
    assert look_up(client, request.reference, "0142", **{"X-Forwarded-For": "203.0.113.50"}).status_code == 429


def test_the_limit_of_mail_to_one_address(client, clock):
    for number in range(8):
        fill_in(client, reach={"email": ["victim@mail.example", "Victim@Mail.example"][number % 2]})
        clock.shift(20)
        press_send(client)
    assert EvaluationRequest.objects.count() == 8
    assert Message.objects.filter(kind="patient received").count() == limits.MAIL.times
    assert Message.objects.filter(kind="staff new").count() == 8
