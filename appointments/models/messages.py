"""Messages that must not get lost."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from appointments.encryption import EncryptedTextField
from appointments.models.requests import EvaluationRequest


class MessageQuerySet(models.QuerySet):
    def undelivered(self):
        """Messages that somebody has to do something about."""
        return self.filter(state__in=(Message.State.FAILED, Message.State.BOUNCED))


class Message(models.Model):
    """An e-mail, stored in the same transaction as what it tells of, and sent later by a worker.

    It holds no text: `notifications.py` writes that when it is sent, from a short list of values that are not private.
    """

    class Kind(models.TextChoices):
        STAFF_NEW = "staff new", "To staff: a new request is waiting"
        STAFF_CHANGED = "staff changed", "To staff: a request was changed by its sender"
        PATIENT_RECEIVED = "patient received", "To the patient: we have your request"
        PATIENT_CHANGED = "patient changed", "To the patient: your request was changed"
        PATIENT_WITHDRAWN = "patient withdrawn", "To the patient: your request was withdrawn"
        PATIENT_NEWS = "patient news", "To the patient: there is news on your page"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting to be sent"
        SENT = "sent", "Handed to the mail server"
        FAILED = "failed", "Not sent"
        BOUNCED = "bounced", "Came back"

    request = models.ForeignKey(EvaluationRequest, models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.STAFF_NEW)
    to = EncryptedTextField(purpose="message.to", blank=True)
    """The patient's address as it was when the message was written. Empty: the addresses of staff in the settings."""
    identifier = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    """Part of the Message-ID: the same when a message is sent again, and nothing that a stranger can guess."""
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=80, blank=True)
    """The kind of the last error. Its text is left out: mail servers repeat addresses in it."""

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["due_at"]
        indexes = [
            models.Index(name="message_due", fields=["due_at"], condition=Q(state="queued")),
            models.Index(name="message_undelivered", fields=["request"], condition=Q(state__in=("failed", "bounced"))),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} ({self.request.spoken_reference})"

    @property
    def is_for_patient(self):
        return self.kind.startswith("patient")

    @property
    def is_undelivered(self):
        return self.state in (self.State.FAILED, self.State.BOUNCED)
