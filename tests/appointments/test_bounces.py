"""Reports of mail that came back: they mark the message they are about, and nothing else."""

import io
import uuid

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appointments import notifications, outbox
from appointments.models import Message, RequestEvent
from tests.factories import make_request

pytestmark = pytest.mark.django_db
REPORT = """\
From: MAILER-DAEMON@mail.example
To: website@clinic.example
Message-ID: <{other}@mail.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sample Patient <to@mail.example> does not live here.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; to@mail.example
{outcome}

--b
{returned}
--b--
"""
HEADERS = "Subject: Your request\nMessage-ID: {id}\nTo: to@mail.example"
WHOLE = f"Content-Type: message/rfc822\n\n{HEADERS}\n\nWe have your request."
ONLY_HEADERS = f"Content-Type: text/rfc822-headers\n\n{HEADERS}"
FAILED = "Action: failed\nStatus: 5.1.1"


@pytest.fixture
def message():
    message = make_request(email="to@mail.example").messages.get(kind="patient received")
    notifications.deliver(message)
    Message.objects.update(state=Message.State.SENT)
    return message


def report_on(message_id, *, outcome=FAILED, returned=ONLY_HEADERS):
    return REPORT.format(other=uuid.uuid4(), outcome=outcome, returned=returned.format(id=message_id)).encode()


@pytest.fixture
def record(monkeypatch):
    """Give a report to the command, and return what it says."""

    def run(report: bytes) -> str:
        out = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(report)))
        call_command("record_bounce", stdout=out)
        return out.getvalue()

    return run


def states():
    return dict(Message.objects.values_list("kind", "state"))


@pytest.mark.parametrize("returned", [WHOLE, ONLY_HEADERS])
def test_the_message_that_came_back_is_marked_and_no_other(record, message, returned):
    said = record(report_on(notifications.message_id(message), returned=returned))
    assert states() == {"patient received": "bounced", "staff new": "sent"}
    event = RequestEvent.objects.get(kind="mail failed")
    assert (event.reference, event.by, event.detail) == (message.request.reference, "website", "patient received")
    assert said == "Marked one message as come back.\n"


def test_a_second_report_adds_nothing(record, message):
    report = report_on(notifications.message_id(message))
    assert record(report) != record(report)
    assert RequestEvent.objects.filter(kind="mail failed").count() == 1


@pytest.mark.parametrize(
    "outcome",
    ["Action: failed", "ACTION: Failed\nStatus: 4.4.7", "Status: 5.0.0", "Action: delayed\n\nAction: failed"],
)
def test_ways_to_fail(record, message, outcome):
    record(report_on(notifications.message_id(message), outcome=outcome))
    assert states()["patient received"] == "bounced"


@pytest.mark.parametrize("outcome", ["Action: delayed\nStatus: 4.4.1", "Action: delivered\nStatus: 2.0.0"])
def test_what_has_not_failed_changes_nothing_and_is_no_error(record, message, outcome):
    assert "Nothing was changed" in record(report_on(notifications.message_id(message), outcome=outcome))
    assert set(states().values()) == {"sent"}


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"Subject: Thank you\n\nI will be there. <to@mail.example>",
        report_on(f"<{uuid.uuid4()}@clinic.example>"),
        report_on("<no-uuid@clinic.example>"),
        report_on("", returned="Content-Type: text/plain\n\nNothing is returned."),
    ],
)
def test_other_mail_is_refused_in_words_that_repeat_none_of_it(record, message, report):
    with pytest.raises(CommandError, match="Nothing was changed") as refused:
        record(report)
    assert refused.value.returncode != 0
    assert "example" not in str(refused.value)
    assert set(states().values()) == {"sent"}


def test_a_patient_who_answers_and_quotes_the_message_does_not_mark_it(record, message):
    """Somebody who has the message has its Message-ID; without a report of failure that is no bounce."""
    answer = f"In-Reply-To: {notifications.message_id(message)}\n\nAction: failed\nStatus: 5.1.1"
    with pytest.raises(CommandError):
        record(answer.encode())
    assert set(states().values()) == {"sent"}


def test_a_message_sent_again_after_it_came_back_can_come_back_again(record, message):
    report = report_on(notifications.message_id(message))
    record(report)
    Message.objects.filter(pk=message.pk).update(state=Message.State.QUEUED)
    assert outbox.send_one()
    record(report)
    assert RequestEvent.objects.filter(kind="mail failed").count() == 2


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    whole=st.binary(max_size=400),
    part=st.text(max_size=200),
    cut=st.integers(0, 1500),
    type_=st.sampled_from(["message/delivery-status", "message/rfc822", "text/rfc822-headers; charset=x-none"]),
)
def test_whatever_comes_in_is_a_report_or_a_clear_error(record, message, whole, part, cut, type_):
    good = report_on(notifications.message_id(message))
    odd = REPORT.format(other="x", outcome=part, returned=f"Content-Type: {type_}\n\n{part}")
    for report in (whole, good[:cut] + whole, odd.encode(errors="replace"), good.replace(b"7bit", whole)):
        try:
            record(report)
        except CommandError as refused:
            assert "Nothing was changed" in str(refused)
