"""Storing a request: whole or not at all, once, and encrypted."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from appointments import references, services
from appointments.models import EvaluationRequest, Message
from tests.factories import make_request, request_answers

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
    assert row.count("v1:") == 14


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
