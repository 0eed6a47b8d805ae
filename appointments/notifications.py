"""What staff are told. Nothing that a patient wrote, and nothing about them, can get into a message:
the only value in it is the reference, which says nothing without access to the admin."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from appointments.references import display


def tell_staff_of_request(reference: str, message_id: int) -> None:
    """Mail staff that a request is waiting. Raises what the mail server raises.

    The Message-ID stays the same when a message is sent again after a crash, so a double can be recognised.
    """
    context = {"reference": display(reference), "admin_address": f"{settings.SITE_URL}/admin/"}
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    EmailMessage(
        subject=render_to_string("appointments/email/new_request/subject.txt", context).strip(),
        body=render_to_string("appointments/email/new_request/body.txt", context),
        to=settings.NOTIFY_EMAILS,
        headers={"Message-ID": f"<staff-message-{message_id}@{domain}>"},
    ).send()
