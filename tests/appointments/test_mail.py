"""The outbox against a mail server that refuses: over the wire, as in production."""

import socketserver
import threading

import pytest

from appointments import outbox
from appointments.models import Message
from tests.factories import make_request


class MailServer(socketserver.StreamRequestHandler):
    """Enough of SMTP (RFC 5321) to take a message; `answers` says what each recipient is answered."""

    def handle(self):
        self.say("220 mail.example")
        taken = []
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "RCPT":
                address = rest.partition("<")[2].partition(">")[0]
                answer = self.server.answers.get(address, "250 good")
                taken += [address] if answer.startswith("2") else []
                self.say(answer)
            elif verb.upper() == "DATA":
                self.say("354 go on")
                while self.rfile.readline() != b".\r\n":
                    pass
                self.server.taken += taken
                self.say(self.server.answers.get("data", "250 taken"))
            elif verb.upper() == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 good")

    def say(self, answer):
        self.wfile.write(f"{answer}\r\n".encode())


@pytest.fixture
def mail_server(settings, db):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer) as server:
        server.answers, server.taken = {}, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "appointments.mail.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.NOTIFY_EMAILS = ["one@clinic.example", "two@clinic.example"]
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("answers", "state", "taken"),
    [
        ({}, "sent", ["one@clinic.example", "two@clinic.example"]),
        # Tried again, it would reach the other one each time.
        ({"two@clinic.example": "550 unknown"}, "failed", ["one@clinic.example"]),
        ({"two@clinic.example": "450 later"}, "failed", ["one@clinic.example"]),
        ({"one@clinic.example": "450 later", "two@clinic.example": "450 later"}, "queued", []),
        ({"one@clinic.example": "550 unknown", "two@clinic.example": "450 later"}, "queued", []),
        ({"one@clinic.example": "550 unknown", "two@clinic.example": "550 unknown"}, "failed", []),
        ({"data": "554 looks like spam"}, "failed", None),
        ({"data": "451 busy"}, "queued", None),
    ],
)
def test_what_a_mail_server_answers_decides_what_becomes_of_a_message(mail_server, answers, state, taken, caplog):
    mail_server.answers = answers
    make_request()
    assert outbox.send_one()
    message = Message.objects.get()
    assert message.state == state
    assert taken is None or mail_server.taken == taken
    assert "clinic.example" not in caplog.text + message.last_error


def test_a_mail_server_that_is_not_there_is_waited_for(mail_server, settings):
    settings.EMAIL_PORT = 9  # discard: nothing listens
    make_request()
    outbox.send_one()
    assert Message.objects.get().state == Message.State.QUEUED
