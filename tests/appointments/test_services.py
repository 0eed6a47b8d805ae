"""Storing a request: whole or not at all, once, and encrypted. Then each act, with its line in the record."""

import uuid

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from appointments import references, services
from appointments.models import EvaluationRequest, Message, RequestEvent
from appointments.models.statuses import MOVES
from tests.factories import agree, make_request, request_answers

pytestmark = pytest.mark.django_db


def test_it_works():
    request = make_request(message="my words")
    stored = EvaluationRequest.objects.get()
    assert stored.pk == request.pk
    assert (stored.name, stored.message, stored.concerns) == ("Sample Patient", "my words", ["leg"])
    assert stored.messages.get().state == Message.State.QUEUED


def test_one_key_makes_one_request():
    key = uuid.uuid4()
    first, second = make_request(submission_key=key), make_request(submission_key=key, name="Other")
    assert first.reference == second.reference
    assert EvaluationRequest.objects.get().name == "Sample Patient"
    assert Message.objects.count() == 1


def test_a_taken_reference_is_drawn_again(monkeypatch):
    taken = make_request().reference
    drawn = iter([taken, taken, "CF4HK7PR"])
    monkeypatch.setattr(services, "new_reference", lambda: next(drawn))
    assert make_request().reference == "CF4HK7PR"
    assert EvaluationRequest.objects.count() == 2
    assert Message.objects.count() == 2


def test_request_and_message_are_stored_together_or_not_at_all(monkeypatch):
    def fault():
        raise RuntimeError

    monkeypatch.setattr(services, "wake_worker", fault)
    with pytest.raises(RuntimeError):
        make_request()
    assert not EvaluationRequest.objects.exists()
    assert not Message.objects.exists()


def test_the_database_holds_no_word_of_the_patient():
    make_request(
        name="Sample Patient", phone="+15550100142", email="sample@mail.example", message="my words",
        needs="large print", helper_name="Sample Helper", helper_relation="daughter",
        best_times=["morning"], concerns=["burning"], interests=["hbot"],
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(r)::text FROM appointments_evaluationrequest r")
        row = cursor.fetchone()[0]
    for private in ("Sample", "0100142", "mail.example", "my words", "large", "daughter", "morning", "burning", "hbot"):
        assert private not in row
    assert row.count("v1:") == 15


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"contact_by": "phone", "phone": ""}, "request_can_be_answered"),
        ({"contact_by": "text", "phone": "", "email": "a@b.example"}, "request_can_be_answered"),
        ({"contact_by": "email", "email": ""}, "request_can_be_answered"),
        ({"for_whom": "other"}, "request_helper_is_named"),
    ],
)
def test_the_database_refuses_a_request_nobody_could_answer(changes, name):
    values = request_answers(**changes) | {"submission_key": uuid.uuid4(), "reference": references.new_reference()}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        EvaluationRequest.objects.create(**values)


def test_references_are_made_to_be_read_aloud():
    drawn = {references.new_reference() for _ in range(500)}
    assert len(drawn) == 500
    for reference in drawn:
        assert len(reference) == 8
        # No vowel makes a word; none of these is mistaken for another on paper or on the phone.
        assert not set(reference) & set("AEIOUBDGLMNQSVZ015 68")
    assert references.display("CF4HK7PR") == "CF4-HK7-PR"


# -- Acts ------------------------------------------------------------------------------------------------------------

Status = EvaluationRequest.Status


def record(request):
    """What the record says was done after the request came in."""
    events = RequestEvent.objects.filter(reference=request.reference).exclude(kind="received")
    return list(events.values_list("kind", "detail", "by"))


def put(request, status):
    """Bring a request into a status from which nothing about how it got there is known."""
    closed = {"closed_reason": "seen", "closed_at": timezone.now()} if status == Status.CLOSED else {}
    EvaluationRequest.objects.filter(pk=request.pk).update(status=status, **closed)


def mails(request):
    return sorted(request.messages.values_list("kind", flat=True))


@pytest.mark.parametrize("then", Status.values)
@pytest.mark.parametrize("now", Status.values)
def test_a_request_moves_only_where_it_can_go(now, then):
    request = make_request()
    put(request, now)
    reason = "seen" if then == Status.CLOSED else ""

    def move():
        if then == Status.SCHEDULED:
            agree(request)
        else:
            services.move(request, then, by="dana", reason=reason)

    if then in MOVES[now]:
        move()
        line = ("scheduled", "", "dana") if then == Status.SCHEDULED else ("moved", reason or then, "dana")
        assert record(request) == [line]
    else:
        if then == now == Status.SCHEDULED:
            return  # a time is entered for one of an earlier release
        with pytest.raises(services.RefusedError, match=r"cannot become|is closed"):
            move()
        assert record(request) == []
        then = now
    request.refresh_from_db()
    assert request.status == then
    assert bool(request.closed_reason) == bool(request.closed_at) == (then == Status.CLOSED)


@pytest.mark.parametrize(
    ("status", "reason"), [("closed", ""), ("closed", "x"), ("closed", "new"), ("waiting", "seen")]
)
def test_only_closing_has_a_reason_and_it_is_one_of_ours(status, reason):
    request = make_request()
    with pytest.raises(services.RefusedError, match="why"):
        services.move(request, status, by="dana", reason=reason)
    assert record(request) == []


@pytest.mark.parametrize(
    ("attempt", "now", "then"),
    [
        ("reached", "new", "in hand"),
        ("left message", "new", "waiting"),
        ("no answer", "waiting", "in hand"),
        ("no answer", "in hand", "in hand"),
        ("left message", "scheduled", "scheduled"),
    ],
)
def test_an_open_request_moves_on_with_each_attempt_to_reach_its_sender(attempt, now, then):
    request = make_request()
    put(request, now)
    services.record_contact(request, attempt, by="dana")
    request.refresh_from_db()
    assert request.status == then
    assert record(request) == [(attempt, "", "dana")]


def test_what_somebody_else_has_just_done_counts():
    request = make_request()
    as_read_before = EvaluationRequest.objects.get()
    services.withdraw(request)
    with pytest.raises(services.RefusedError, match="closed"):
        services.record_contact(as_read_before, "reached", by="dana")
    with pytest.raises(services.RefusedError, match="closed"):
        services.change_by_patient(as_read_before, {"times_to_avoid": "noon"})
    assert record(request) == [("withdrawn", "", "patient")]


def test_withdrawing_twice_is_withdrawing_once():
    request = make_request(email="sample@mail.example")
    services.withdraw(request)
    services.withdraw(request)
    request.refresh_from_db()
    assert (request.status, request.closed_reason) == ("closed", "withdrawn")
    assert mails(request) == ["patient received", "patient withdrawn", "staff changed", "staff new"]


def test_a_new_address_is_told_to_the_old_one_and_found_from_then_on():
    request = make_request(email="old@mail.example")
    services.change_by_patient(request, {"email": "new@mail.example", "contact_by": "email"})
    assert request.messages.get(kind="patient changed").to == "old@mail.example"
    assert record(request) == [("changed", "contact", "patient")]
    assert EvaluationRequest.objects.from_person(email="New@mail.example").get() == request
    assert not EvaluationRequest.objects.from_person(email="old@mail.example").exists()


def test_a_change_of_times_alone_says_so_and_no_change_says_nothing():
    request = make_request()
    services.change_by_patient(request, {"best_times": ["midday"], "times_to_avoid": "noon"})
    assert record(request) == [("changed", "times", "patient")]
    services.change_by_patient(request, {"best_times": ["midday"], "times_to_avoid": "noon"})
    assert len(record(request)) == 1
    assert mails(request) == ["staff changed", "staff new"]


@pytest.mark.parametrize("name", ["status", "name", "suspicion", "reply_by", "reference"])
def test_a_patient_changes_nothing_but_how_to_reach_them(name):
    request = make_request()
    with pytest.raises(TypeError, match=name):
        services.change_by_patient(request, {name: "x"})
    assert record(request) == []


@time_machine.travel("2026-11-25T12:00:00Z", tick=False)
def test_an_address_gets_no_flood_and_staff_are_told_all_the_same():
    request = make_request(email="sample@mail.example")
    for number in range(9):
        services.change_by_patient(request, {"times_to_avoid": str(number)})
    kinds = mails(request)
    assert kinds.count("staff changed") == 9
    assert sum(kind.startswith("patient") for kind in kinds) == 6


def test_suspected_spam_is_told_to_nobody_until_staff_take_it_back_and_then_once():
    request = make_request(email="sample@mail.example", suspicion="flood")
    assert mails(request) == []
    for _ in range(2):
        services.unshelve(request, by="dana")
    assert mails(request) == ["patient received", "staff new"]
    for _ in range(2):
        services.shelve(request, by="dana")
    services.unshelve(request, by="dana")
    assert mails(request) == ["patient received", "staff new"]
    assert [kind for kind, _, _ in record(request)] == ["unshelved", "shelved", "unshelved"]


@pytest.mark.parametrize("state", ["queued", "sent"])
def test_only_what_was_not_delivered_is_sent_again(state):
    message = make_request().messages.get()
    Message.objects.update(state=state)
    with pytest.raises(services.RefusedError):
        services.send_again(message, by="dana")
    assert record(message.request) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda request: services.withdraw(request),
        lambda request: services.change_by_patient(request, {"times_to_avoid": "noon"}),
        lambda request: services.move(request, "closed", by="dana", reason="seen"),
        lambda request: services.record_contact(request, "left message", by="dana"),
        lambda request: services.shelve(request, by="dana"),
        lambda request: services.send_again(request.messages.get(), by="dana"),
    ],
)
def test_what_cannot_be_put_on_record_is_not_done(monkeypatch, act):
    request = make_request()
    Message.objects.update(state="failed")
    before = EvaluationRequest.objects.values().get(), list(Message.objects.values())

    def fault(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(services, "_record", fault)
    with pytest.raises(RuntimeError):
        act(request)
    assert (EvaluationRequest.objects.values().get(), list(Message.objects.values())) == before


def test_a_request_whose_address_cannot_be_read_can_be_withdrawn_all_the_same(settings):
    request = make_request(email="sample@mail.example")
    settings.ENCRYPTION_KEYS = {"other": b"o" * 32}
    services.withdraw(request)
    assert EvaluationRequest.objects.get().closed_reason == "withdrawn"
    assert set(request.messages.values_list("kind", flat=True)) == {"staff new", "patient received", "staff changed"}
