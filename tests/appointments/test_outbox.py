"""Telling staff: nothing private in a message, nothing lost when mail fails, nothing sent twice."""

import datetime
import smtplib
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from appointments import notifications, outbox, services
from appointments.models import Message, RequestEvent
from tests.factories import make_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def failing_mail(monkeypatch):
    def refuse(self, messages):
        raise smtplib.SMTPConnectError(421, "patient@mail.example: try later")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    return monkeypatch


def test_it_works(settings):
    request = make_request()
    assert outbox.send_one()
    assert not outbox.send_one()
    (message,) = mail.outbox
    assert message.to == settings.NOTIFY_EMAILS
    assert message.subject == "A new request is waiting"
    assert request.spoken_reference in message.body
    stored = Message.objects.get()
    assert stored.state == Message.State.SENT
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
    stored = Message.objects.get()
    assert (stored.state, stored.attempts) == (Message.State.QUEUED, 1)
    assert stored.last_error == "SMTPConnectError"
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
        while Message.objects.get().state == Message.State.QUEUED:
            outbox.send_one()
            clock.move_to(max(Message.objects.get().due_at, timezone.now()))
        waited = timezone.now() - start
    assert timedelta(hours=20) < waited < timedelta(hours=40)
    assert Message.objects.get().state == Message.State.FAILED


def test_one_bad_message_does_not_stop_the_next(monkeypatch):
    first, second = make_request(), make_request()
    tell = outbox.deliver

    def choosy(message):
        if message.request_id == first.pk:
            raise ValueError("poison")
        tell(message)

    monkeypatch.setattr(outbox, "deliver", choosy)
    while outbox.send_one():
        pass
    assert second.spoken_reference in mail.outbox[0].body
    assert Message.objects.get(request=first).state == Message.State.QUEUED


def test_a_request_that_cannot_be_read_is_told_of_all_the_same(settings):
    request = make_request()
    settings.ENCRYPTION_KEYS = {"other": b"o" * 32}
    assert outbox.send_one()
    assert request.spoken_reference in mail.outbox[0].body


def test_a_worker_that_died_while_sending_lets_go(monkeypatch):
    make_request()

    def killed(message):
        raise SystemExit  # as by a signal: no state is written

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "deliver", killed)
        with pytest.raises(SystemExit):
            outbox.send_one()
    assert not outbox.send_one(), "the claim still holds"
    with time_machine.travel(timezone.now() + outbox.LEASE + timedelta(seconds=1)):
        assert outbox.send_one()
    assert len(mail.outbox) == 1


def test_a_message_sent_again_can_be_recognised():
    message = make_request().messages.get()
    outbox.deliver(message)
    outbox.deliver(message)
    one, two = (message.message()["Message-ID"] for message in mail.outbox)
    assert one == two


def test_a_rollback_wakes_nobody():
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {outbox.CHANNEL}")
        with pytest.raises(RuntimeError), transaction.atomic():
            outbox.wake_worker()
            raise RuntimeError
        assert list(connection.connection.notifies(timeout=0.1, stop_after=1)) == []


def test_what_a_mail_server_refuses_for_good_is_not_tried_again_and_is_on_record(monkeypatch):
    def refuse(self, messages):
        raise smtplib.SMTPRecipientsRefused({"patient@mail.example": (550, b"no such user")})

    request = make_request(email="patient@mail.example")
    outbox.send_one()  # to staff
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    outbox.send_one()
    message = request.messages.get(kind="patient received")
    assert (message.state, message.last_error) == (Message.State.FAILED, "SMTPRecipientsRefused")
    event = RequestEvent.objects.get(kind="mail failed")
    assert (event.reference, event.detail) == (request.reference, "patient received")
    monkeypatch.undo()
    services.send_again(message, by="dana")
    assert outbox.send_one()
    assert mail.outbox[-1].to == ["patient@mail.example"]


@pytest.mark.parametrize("kind", Message.Kind.values)
def test_no_kind_of_message_holds_anything_of_the_patient(kind):
    request = make_request(
        email="to@mail.example", name="Canary", helper_name="Canary", message="canary", needs="canary",
        insurer="canary", trusted_person="canary", times_to_avoid="canary", language="canary", fusion_levels="canary",
    )  # fmt: skip
    request.messages.all().delete()
    message = Message.objects.create(request=request, kind=kind, to="to@mail.example" if "patient" in kind else "")
    assert outbox.send_one()
    (sent,) = mail.outbox
    raw = sent.message().as_string()
    assert "anary" not in raw
    assert "0100142" not in raw
    for word in ("pain", "spin", "orthop", "treatment", "leg", "evaluation"):
        assert word not in raw.replace("/request-evaluation/", "").lower()
    assert request.spoken_reference in raw
    if message.is_for_patient:
        assert sent.to == ["to@mail.example"]
    else:
        assert request.tracking_token not in raw


@pytest.mark.parametrize("kind", Message.Kind.values)
def test_a_message_can_say_these_values_and_no_others(kind, monkeypatch):
    rendered = []
    monkeypatch.setattr(notifications, "render_to_string", lambda _, context: rendered.append(context) or "")
    request = make_request(email="to@mail.example")
    notifications.deliver(Message(request=request, kind=kind, to="to@mail.example"))
    names = {"reference", "brand_name", "phone", "link"} | ({"reply_by"} if kind.startswith("patient") else set())
    assert [set(context) for context in rendered] == [names, names]


def test_the_headers_of_a_message_are_these_and_no_others():
    make_request()
    outbox.send_one()
    headers = {name.lower() for name in mail.outbox[0].message()}
    assert headers == {
        "content-type", "mime-version", "content-transfer-encoding", "subject", "from", "to", "date", "message-id",
        "auto-submitted",
    }  # fmt: skip


def test_without_a_promised_day_a_message_names_none():
    make_request(email="to@mail.example", reply_by=None)
    outbox.send_one()
    outbox.send_one()
    assert "hear from us by" not in mail.outbox[-1].body


def test_lines_are_short_enough_for_any_screen():
    request = make_request(email="to@mail.example")
    for kind in Message.Kind:
        notifications.deliver(Message(request=request, kind=kind, to="to@mail.example"))
    lines = [line for message in mail.outbox for line in message.body.splitlines() if not line.startswith("http")]
    assert max(map(len, lines)) <= 72


def test_the_message_to_a_patient_says_when_and_where(settings):
    request = make_request(email="to@mail.example", reply_by=datetime.date(2026, 11, 27))
    outbox.send_one()
    outbox.send_one()
    sent = mail.outbox[-1]
    assert sent.subject == f"Your request {request.spoken_reference}"
    assert "Friday, November 27, 2026" in sent.body
    assert f"/request-evaluation/yours/{request.tracking_token}/" in sent.body
    assert "(555) 010-0100" in sent.body


@pytest.mark.parametrize("to", [[], [""]])
def test_a_message_to_nobody_does_not_pass_for_sent(settings, to):
    settings.NOTIFY_EMAILS = to
    request = make_request()
    outbox.send_one()
    assert request.messages.get().state == Message.State.FAILED


def test_a_message_whose_address_cannot_be_read_is_not_sent(settings):
    make_request(email="to@mail.example")
    outbox.send_one()
    settings.ENCRYPTION_KEYS = {"other": b"o" * 32}
    outbox.send_one()
    assert len(mail.outbox) == 1
    assert Message.objects.get(kind="patient received").state == Message.State.FAILED


@pytest.mark.parametrize("what", ["came back", "erased"])
def test_what_happens_while_a_message_is_sent_is_not_undone(monkeypatch, what):
    """A mail server may return a message before the worker has noted that it took it."""
    request = make_request()

    def meanwhile(message):
        if what == "came back":
            outbox.give_up(message, Message.State.BOUNCED)
        else:
            request.delete()

    monkeypatch.setattr(outbox, "deliver", meanwhile)
    assert outbox.send_one()
    assert list(Message.objects.values_list("state", flat=True)) == (["bounced"] if what == "came back" else [])
