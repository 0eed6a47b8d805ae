"""Requests for an evaluation, and the record of everything that was done with them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from appointments import references
from appointments.encryption import EncryptedJSONField, EncryptedTextField, LookupField


class RequestQuerySet(models.QuerySet):
    def open(self):
        """Requests somebody at the clinic still has to do something about, suspected spam aside."""
        return self.exclude(status=EvaluationRequest.Status.CLOSED).filter(suspicion="")

    def from_person(self, *, phone: str = "", email: str = ""):
        """Requests with this phone number (in international form) or e-mail address, however it was written."""
        of_phone, of_email = (self.model._meta.get_field(name) for name in ("phone_lookup", "email_lookup"))
        found = Q(pk__in=[])
        if phone:
            found |= Q(phone_lookup__in=of_phone.digests(phone))
        if email:
            found |= Q(email_lookup__in=of_email.digests(email))
        return self.filter(found)


class EvaluationRequest(models.Model):
    """One person's request. What they typed, and what they chose about their health, is encrypted."""

    class ForWhom(models.TextChoices):
        SELF = "self", "Myself. I am 18 or older"
        OTHER = "other", "Someone else, with their consent"

    class ContactBy(models.TextChoices):
        PHONE = "phone", "A phone call"
        TEXT = "text", "A text message"
        EMAIL = "email", "E-mail"

    class Status(models.TextChoices):
        NEW = "new", "New"
        IN_HAND = "in hand", "Being handled"
        WAITING = "waiting", "Waiting for the patient"
        SCHEDULED = "scheduled", "Scheduled"
        CLOSED = "closed", "Closed"

    class ClosedReason(models.TextChoices):
        SEEN = "seen", "The evaluation took place"
        WITHDRAWN = "withdrawn", "Withdrawn by the patient"
        NOT_REACHED = "not reached", "We could not reach the patient"
        NOT_SUITABLE = "not suitable", "Another service is needed"
        DUPLICATE = "duplicate", "Sent twice"

    class Suspicion(models.TextChoices):
        """Why a request is on the spam shelf. It is kept there like any other request, and staff can take it out."""

        HIDDEN_FIELD = "hidden field", "A field that people do not see was filled in"
        TOO_FAST = "too fast", "Filled in faster than a person can"
        FLOOD = "flood", "One of very many at once"
        STAFF = "staff", "Put there by staff"

    reference = models.CharField(max_length=8, unique=True, editable=False)
    submission_key = models.UUIDField(unique=True, editable=False)
    """Derived from the draft that it was sent from: sending one draft twice makes one request."""
    received_at = models.DateTimeField("received", auto_now_add=True)
    reply_by = models.DateField(null=True, editable=False)
    """The day by which the clinic said it would answer, in its own time zone. Null: sent before it said so."""
    needs_same_day_call = models.BooleanField(default=False)
    """A warning sign was chosen that can wait for a call today. Which sign it was is stored nowhere."""
    suspicion = models.CharField(max_length=12, choices=Suspicion, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.NEW)
    closed_reason = models.CharField(max_length=12, choices=ClosedReason, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    tracking_hash = models.CharField(max_length=64, unique=True, editable=False)
    """SHA-256 of the token in the patient's private link."""
    tracking_token = EncryptedTextField(purpose="request.tracking_token", editable=False)
    """The token itself, for the messages that carry the link."""

    for_whom = models.CharField(max_length=5, choices=ForWhom)
    contact_by = models.CharField(max_length=5, choices=ContactBy)
    may_leave_message = models.BooleanField(default=False)
    may_text = models.BooleanField(default=False)
    privacy_version = models.PositiveIntegerField()
    """The version of the privacy page that was agreed to."""

    name = EncryptedTextField(purpose="request.name")
    helper_name = EncryptedTextField(purpose="request.helper_name", blank=True)
    helper_relation = EncryptedTextField(purpose="request.helper_relation", blank=True)
    phone = EncryptedTextField(purpose="request.phone", blank=True)
    phone_lookup = LookupField(of="phone", purpose="request.phone")
    email = EncryptedTextField("e-mail", purpose="request.email", blank=True)
    email_lookup = LookupField(of="email", purpose="request.email")

    who_may_answer = EncryptedTextField(purpose="request.who_may_answer", blank=True)
    trusted_person = EncryptedTextField(purpose="request.trusted_person", blank=True)
    best_times = EncryptedJSONField(purpose="request.best_times", default=list)
    times_to_avoid = EncryptedTextField(purpose="request.times_to_avoid", blank=True)
    access_needs = EncryptedJSONField("what would help", purpose="request.access_needs", default=list)
    language = EncryptedTextField(purpose="request.language", blank=True)
    needs = EncryptedTextField("other needs", purpose="request.needs", blank=True)

    fusions = EncryptedTextField("spinal fusion", purpose="request.fusions", blank=True)
    fusion_areas = EncryptedJSONField("where it was fused", purpose="request.fusion_areas", default=list)
    fusion_year = EncryptedTextField("year of the last fusion", purpose="request.fusion_year", blank=True)
    fusion_levels = EncryptedTextField("fused levels", purpose="request.fusion_levels", blank=True)
    concerns = EncryptedJSONField("what bothers them most", purpose="request.concerns", default=list)
    tried = EncryptedJSONField("what they tried", purpose="request.tried", default=list)
    interests = EncryptedJSONField("interested in", purpose="request.interests", default=list)
    insurance = EncryptedTextField(purpose="request.insurance", blank=True)
    insurer = EncryptedTextField(purpose="request.insurer", blank=True)
    message = EncryptedTextField("in their own words", purpose="request.message", blank=True)

    objects = RequestQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at"]
        permissions = [("handle_evaluationrequest", "Can record calls and move requests on")]
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
            models.CheckConstraint(
                name="request_closed_with_reason",
                condition=(Q(status="closed") & ~Q(closed_reason="") & Q(closed_at__isnull=False))
                | (~Q(status="closed") & Q(closed_reason="") & Q(closed_at__isnull=True)),
                violation_error_message="A closed request has a reason and a day; an open one has neither.",
            ),
        ]

    def __str__(self):
        # A name here would end up in page titles and in the admin's own log.
        return f"Request {self.spoken_reference}"

    @property
    def spoken_reference(self):
        return references.display(self.reference)


class RequestEvent(models.Model):
    """One line of the record: what was done with a request, when, and by whom. Lines are only ever added.

    It names the request by its reference and holds nothing about the person, so it outlives the request: after an
    erasure it still says that there was one. The database refuses to change or delete a line.
    """

    PATIENT, WEBSITE, COMMAND_LINE = "patient", "website", "command line"
    """Who did something, where it was no member of staff."""

    class Kind(models.TextChoices):
        RECEIVED = "received", "Received"
        MOVED = "moved", "Moved"
        REACHED = "reached", "Reached"
        LEFT_MESSAGE = "left message", "Left a message"
        NO_ANSWER = "no answer", "No answer"
        CHANGED = "changed", "Changed by the patient"
        WITHDRAWN = "withdrawn", "Withdrawn by the patient"
        SHELVED = "shelved", "Put on the spam shelf"
        UNSHELVED = "unshelved", "Taken off the spam shelf"
        MAIL_FAILED = "mail failed", "A message was not delivered"
        MAIL_AGAIN = "mail again", "A message is sent again"
        EXPORTED = "exported", "Exported for the person"
        ERASED = "erased", "Erased"
        PURGED = "purged", "Deleted at the end of its time"

    reference = models.CharField(max_length=8, db_index=True)
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    by = models.CharField(max_length=150)
    """A user name, or one of the names above."""
    detail = models.CharField(max_length=80, blank=True)
    """A status, a reason or a number from a fixed list; never what somebody typed."""

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = "event"

    def __str__(self):
        return f"{references.display(self.reference)}: {self.get_kind_display()}"
