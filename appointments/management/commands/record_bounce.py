import email
import re
import sys

from django.core.management.base import BaseCommand, CommandError

from appointments.models import Message
from appointments.outbox import give_up

MOST_BYTES = 5_000_000
"""Enough for any report. What is cut off at its end is the returned text, which is not needed."""
IDENTIFIER = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@", re.IGNORECASE)


class Command(BaseCommand):
    help = (
        "Read one report of failed delivery (RFC 3464) from standard input, and mark the message that it is about as "
        "come back, so that staff see it. A mail server can pipe the mail to FROM_EMAIL through this. Reports of a "
        "delay change nothing. Nothing of a report is printed or kept."
    )

    def handle(self, **options):
        report = email.message_from_bytes(sys.stdin.buffer.read(MOST_BYTES))
        parts = list(report.walk())
        actions = {action for part in parts for action in _actions(part)}
        if not actions:
            raise CommandError("This is no report about a delivery. Nothing was changed.")
        if "failed" not in actions:
            self.stdout.write("The delivery has not failed for good. Nothing was changed.")
            return
        identifiers = [found for part in parts for found in _returned_identifiers(part)]
        message = Message.objects.filter(identifier__in=identifiers).select_related("request").first()
        if message is None:
            raise CommandError("The report is about no message of this website. Nothing was changed.")
        news = give_up(message, Message.State.BOUNCED)
        self.stdout.write("Marked one message as come back." if news else "This was known already.")


def _actions(part):
    """Yield what became of each recipient, in the words of RFC 3464: failed, delayed, delivered and the like."""
    if part.get_content_type() != "message/delivery-status":
        return
    for recipient in part.get_payload():
        action, status = (str(recipient.get(name, "")).strip().lower() for name in ("Action", "Status"))
        if action or status:
            yield action or ("failed" if status.startswith("5.") else "delayed")


def _returned_identifiers(part):
    """Yield our part of the Message-ID of what was returned: all of it, or its headers alone.

    It is a UUID that only the recipient has seen, so nobody else can pretend that a message came back.
    """
    if part.get_content_type() in ("message/rfc822", "message/global") and part.is_multipart():
        returned = part.get_payload()
    elif part.get_content_type() in ("text/rfc822-headers", "message/global-headers"):
        payload = part.get_payload()
        returned = payload if part.is_multipart() else [email.message_from_bytes(part.get_payload(decode=True) or b"")]
    else:
        return
    for one in returned:
        for value in one.get_all("Message-ID", []):
            yield from IDENTIFIER.findall(str(value))
