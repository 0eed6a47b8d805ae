"""Requests for an evaluation, and the messages that tell staff of them."""

from django.db import models
from django.db.models import Q

from appointments import references
from appointments.encryption import EncryptedJSONField, EncryptedTextField


class Concern(models.TextChoices):
    """What bothers a patient most, in patients' own kind of words."""

    LEG = "leg", "Pain that shoots down the leg"
    BURNING = "burning", "Burning or tingling"
    BUTTOCK = "buttock", "Pain on one side, in the buttock or near the beltline"
    ACHE = "ache", "An aching low back, worse when I stand, arch or twist"
    SPASM = "spasm", "Muscle spasms that will not settle"
    STIFF = "stiff", "Stiffness"
    SCAR = "scar", "A tight, pulling scar"
    WEAK = "weak", "A back that feels weak, loose or gives way"
    SLOW = "slow", "Slow healing after surgery"
    CAME_BACK = "came-back", "Pain that came back after I felt better"
    HARDWARE = "hardware", "Pain where the screws or rods are"
    MEDICINES = "medicines", "I want to use fewer medicines"
    NOT_HELPED = "not-helped", "Shots and therapy have not helped"
    NOT_SURE = "not-sure", "Something else, or I do not know where to start"


class EvaluationRequest(models.Model):
    """One person's request. What they typed, and what they chose about their health, is encrypted."""

    class ForWhom(models.TextChoices):
        SELF = "self", "Myself. I am 18 or older"
        OTHER = "other", "Someone else, with their consent"

    class ContactBy(models.TextChoices):
        PHONE = "phone", "A phone call"
        TEXT = "text", "A text message"
        EMAIL = "email", "E-mail"

    reference = models.CharField(max_length=8, unique=True, editable=False)
    submission_key = models.UUIDField(unique=True, editable=False)
    """Made for each form that is shown: sending one form twice makes one request."""
    received_at = models.DateTimeField("received", auto_now_add=True)

    for_whom = models.CharField(max_length=5, choices=ForWhom)
    contact_by = models.CharField(max_length=5, choices=ContactBy)
    may_leave_message = models.BooleanField(default=False)
    privacy_version = models.PositiveIntegerField()
    """The version of the privacy page that was agreed to."""

    name = EncryptedTextField(purpose="request.name")
    helper_name = EncryptedTextField(purpose="request.helper_name", blank=True)
    helper_relation = EncryptedTextField(purpose="request.helper_relation", blank=True)
    phone = EncryptedTextField(purpose="request.phone", blank=True)
    email = EncryptedTextField("e-mail", purpose="request.email", blank=True)
    best_times = EncryptedJSONField(purpose="request.best_times", default=list)
    concerns = EncryptedJSONField("what bothers them most", purpose="request.concerns", default=list)
    interests = EncryptedJSONField("interested in", purpose="request.interests", default=list)
    needs = EncryptedTextField("language, interpreter or access needs", purpose="request.needs", blank=True)
    message = EncryptedTextField("in their own words", purpose="request.message", blank=True)

    class Meta:
        ordering = ["-received_at"]
        constraints = [
            models.CheckConstraint(
                name="request_can_be_answered",
                condition=(Q(contact_by="email") & ~Q(email="")) | (~Q(contact_by="email") & ~Q(phone="")),
                violation_error_message="Without a phone number or an e-mail address we cannot answer.",
            ),
            models.CheckConstraint(
                name="request_helper_is_named",
                condition=Q(for_whom="self") | ~Q(helper_name=""),
                violation_error_message="A request for someone else names the helper.",
            ),
        ]

    def __str__(self):
        # A name here would end up in page titles and in the admin's own log.
        return f"Request {self.spoken_reference}"

    @property
    def spoken_reference(self):
        return references.display(self.reference)


class StaffMessage(models.Model):
    """A message to staff that must not get lost: it is stored with the request it tells of, and sent later.

    It holds no text. `notifications.py` writes the text when it is sent, from the reference alone.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting to be sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Given up"

    request = models.OneToOneField(EvaluationRequest, models.CASCADE, related_name="staff_message")
    state = models.CharField(max_length=6, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=80, blank=True)
    """The kind of the last error. Its text is left out: mail servers repeat addresses in it."""

    class Meta:
        ordering = ["due_at"]
        indexes = [models.Index(name="staff_message_due", fields=["due_at"], condition=Q(state="queued"))]

    def __str__(self):
        return f"Message about {self.request}"
