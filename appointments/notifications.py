"""What messages say. Nothing that a patient wrote, and nothing about them, can get into one: this file builds every
subject, body and header from the few values in `allowed`, none of which says anything about a person."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from appointments.encryption import Unreadable
from appointments.models import Message
from treatments import library


class UnsendableError(Exception):
    """The address or the link of a message cannot be decrypted, or there is none, so there is nothing to send."""


def allowed(message: Message) -> dict:
    """Return the only values that a message can say. The clinic's full name, which tells its specialty, is none."""
    request, clinic = message.request, library.published().clinic
    values = {"reference": request.spoken_reference, "brand_name": clinic.brand_name, "phone": clinic.phone}
    if message.is_for_patient:
        path = reverse("your_request", args=[request.tracking_token])
        return values | {"reply_by": request.reply_by, "link": settings.SITE_ADDRESS + path}
    return values | {"link": settings.SITE_ADDRESS + reverse("admin:index")}


def deliver(message: Message) -> None:
    """Hand one message to the mail server. Raises what the mail server raises, and UnsendableError.

    The Message-ID stays the same when a message is sent again after a crash, so a double can be recognised, and a
    report of failed delivery can be matched.
    """
    to = [message.to] if message.is_for_patient else settings.NOTIFY_EMAILS
    needed = [*to, message.request.tracking_token] if message.is_for_patient else to
    if not to or not all(needed) or any(isinstance(value, Unreadable) for value in needed):
        raise UnsendableError
    folder = f"appointments/email/{message.kind.replace(' ', '_')}"
    context = allowed(message)
    EmailMessage(
        subject=render_to_string(f"{folder}/subject.txt", context).strip(),
        body=render_to_string(f"{folder}/body.txt", context),
        to=to,
        # Asks machines that answer mail by themselves, such as "I am on vacation", not to (RFC 3834).
        headers={"Message-ID": message_id(message), "Auto-Submitted": "auto-generated"},
    ).send()


def message_id(message: Message) -> str:
    """Return the Message-ID header. It names the message by something that a stranger cannot guess."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    return f"<{message.identifier}@{domain}>"
