"""Telling staff: nothing private in a message, nothing lost when mail fails, nothing sent twice."""

import smtplib
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from appointments import outbox
from appointments.models import StaffMessage
from tests.factories import make_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def failing_mail(monkeypatch):
    def refuse(self, messages):
        raise smtplib.SMTPRecipientsRefused({"patient@mail.example": (550, b"no such user")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    return monkeypatch


def test_it_works(settings):
    request = make_request()
    assert outbox.send_one()
    assert not outbox.send_one()
    (message,) = mail.outbox
    assert message.to == settings.NOTIFY_EMAILS
    assert message.subject == "A new evaluation request is waiting"
    assert request.spoken_reference in message.body
    stored = StaffMessage.objects.get()
    assert stored.state == StaffMessage.State.SENT
    assert stored.sent_at


def test_a_message_holds_nothing_of_the_patient():
    make_request(
        name="Canary Name", phone="+15550100142", email="canary@mail.example", message="canary words", needs="canary",
        helper_name="Canary Helper", interests=["baclofen-pump"], concerns=["burning"],
    )  # fmt: skip
    outbox.send_one()
    raw = mail.outbox[0].message().as_string().lower()
    for private in ("canary", "0100142", "010-0142", "burning", "baclofen", "leg", "pain"):
        assert private not in raw


def test_when_mail_fails_the_request_is_kept_and_the_message_waits(failing_mail):
    make_request()
    outbox.send_one()
    stored = StaffMessage.objects.get()
    assert (stored.state, stored.attempts) == (StaffMessage.State.QUEUED, 1)
    assert stored.last_error == "SMTPRecipientsRefused"
    assert stored.due_at > timezone.now()
    assert not outbox.send_one(), "it is not tried again before its time"


def test_it_is_sent_once_mail_is_back(failing_mail):
    make_request()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(8):
            outbox.send_one()
            clock.shift(timedelta(hours=1))
        failing_mail.undo()
        assert outbox.send_one()
        clock.shift(timedelta(hours=1))
        assert not outbox.send_one()
    assert len(mail.outbox) == 1


def test_mail_may_be_away_for_a_day_before_a_message_is_given_up(failing_mail):
    make_request()
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        while StaffMessage.objects.get().state == StaffMessage.State.QUEUED:
            outbox.send_one()
            clock.move_to(max(StaffMessage.objects.get().due_at, timezone.now()))
        waited = timezone.now() - start
    assert timedelta(hours=20) < waited < timedelta(hours=40)
    assert StaffMessage.objects.get().state == StaffMessage.State.FAILED


def test_one_bad_message_does_not_stop_the_next(monkeypatch):
    first, second = make_request(), make_request()
    tell = outbox.tell_staff_of_request

    def choosy(reference, message_id):
        if reference == first.reference:
            raise ValueError("poison")
        tell(reference, message_id)

    monkeypatch.setattr(outbox, "tell_staff_of_request", choosy)
    while outbox.send_one():
        pass
    assert second.spoken_reference in mail.outbox[0].body
    assert StaffMessage.objects.get(request=first).state == StaffMessage.State.QUEUED


def test_a_request_that_cannot_be_read_is_told_of_all_the_same(settings):
    request = make_request()
    settings.ENCRYPTION_KEYS = {"other": b"o" * 32}
    assert outbox.send_one()
    assert request.spoken_reference in mail.outbox[0].body


def test_a_worker_that_died_while_sending_lets_go(monkeypatch):
    make_request()

    def killed(reference, message_id):
        raise SystemExit  # as by a signal: no state is written

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "tell_staff_of_request", killed)
        with pytest.raises(SystemExit):
            outbox.send_one()
    assert not outbox.send_one(), "the claim still holds"
    with time_machine.travel(timezone.now() + outbox.LEASE + timedelta(seconds=1)):
        assert outbox.send_one()
    assert len(mail.outbox) == 1


def test_a_message_sent_again_can_be_recognised():
    request = make_request()
    outbox.tell_staff_of_request(request.reference, 7)
    outbox.tell_staff_of_request(request.reference, 7)
    one, two = (message.message()["Message-ID"] for message in mail.outbox)
    assert one == two


def test_a_rollback_wakes_nobody():
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {outbox.CHANNEL}")
        with pytest.raises(RuntimeError), transaction.atomic():
            outbox.wake_worker()
            raise RuntimeError
        assert list(connection.connection.notifies(timeout=0.1, stop_after=1)) == []
