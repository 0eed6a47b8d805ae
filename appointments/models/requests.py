"""Requests for an evaluation."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce

from appointments import references
from appointments.encryption import (
    ChoiceLookupsField,
    EncryptedJSONField,
    EncryptedTextField,
    LookupField,
    SearchLookupsField,
)
from appointments.models import statuses


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

    def matching(self, words: str):
        """Requests of people whose name, or a helper's, has words that begin like these, in any order.

        Four digits may also be the end of the phone number. Nothing is decrypted to find them. One letter finds
        nothing: it would show half of everybody.
        """
        field = self.model._meta.get_field("search_lookups")
        found = self if field.words(words) else self.none()
        for digests in field.digests(words):
            found = found.filter(search_lookups__overlap=digests)
        return found


class EvaluationRequest(models.Model):
    """One person's request. What they typed, and what they chose about their health, is encrypted."""

    class ForWhom(models.TextChoices):
        SELF = "self", "Myself. I am 18 or older"
        OTHER = "other", "Someone else, with their consent"

    class ContactBy(models.TextChoices):
        PHONE = "phone", "A phone call"
        TEXT = "text", "A text message"
        EMAIL = "email", "E-mail"

    Status, ClosedReason = statuses.Status, statuses.ClosedReason

    class Suspicion(models.TextChoices):
        """Why a request is on the spam shelf. It is kept there like any other request, and staff can take it out."""

        HIDDEN_FIELD = "hidden field", "A field that people do not see was filled in"
        TOO_FAST = "too fast", "Filled in faster than a person can"
        FLOOD = "flood", "One of very many at once"
        STAFF = "staff", "Put there by staff"

    class HoldReason(models.TextChoices):
        """Why a request is kept beyond its time."""

        LEGAL = "legal", "A legal claim or an investigation"
        COMPLAINT = "complaint", "A complaint that we look into"
        AUDIT = "audit", "An audit"
        PATIENT = "patient", "The patient asked us to keep it"

    reference = models.CharField(max_length=8, unique=True, editable=False)
    submission_key = models.UUIDField(unique=True, editable=False)
    """Derived from the draft that it was sent from: sending one draft twice makes one request."""
    received_at = models.DateTimeField("received", auto_now_add=True)
    reply_by = models.DateField(null=True, editable=False)
    """The day by which the clinic said it would answer, in its own time zone. Null: sent before it said so."""
    needs_same_day_call = models.BooleanField(default=False)
    """A warning sign was chosen that can wait for a call today, or one was written of. Which is stored nowhere."""
    suspicion = models.CharField(max_length=12, choices=Suspicion, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.NEW)
    closed_reason = models.CharField(max_length=12, choices=ClosedReason, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    duplicate_of = models.ForeignKey("self", models.SET_NULL, null=True, editable=False, related_name="duplicates")
    """The request that the clinic goes on with, where this one was sent twice."""
    hold_until = models.DateField("to be kept until", null=True, editable=False)
    """The last day, at the clinic, on which nothing deletes it: neither its time limit nor an erasure."""
    hold_reason = models.CharField(
        "reason for keeping it", max_length=9, choices=HoldReason, blank=True, editable=False
    )

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+")
    """Who looks after it at the front desk."""
    reached_at = models.DateTimeField(null=True, editable=False)
    """When somebody of the clinic first spoke with the sender."""
    answered_at = models.DateTimeField(null=True, editable=False)
    """When the sender first had an answer: they were reached, or a message was left for them."""
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    """Attempts in vain since the sender was last heard from."""
    next_try_on = models.DateField(null=True, editable=False)
    """The day, at the clinic, on which it is to be taken up again; until then it is out of the way. Null: now."""
    letter_on = models.DateField(null=True, editable=False)
    """When a letter was sent to somebody who could not be reached."""

    scheduled_for = models.DateTimeField(null=True, editable=False)
    """When the evaluation takes place."""
    clinician = EncryptedTextField(purpose="request.clinician", blank=True, editable=False)
    place = EncryptedTextField(purpose="request.place", blank=True, editable=False)

    before = EncryptedJSONField(purpose="request.before", default=dict, editable=False)
    """What the last act of staff changed, as it was before, so that a mistaken click can be undone."""
    status_before = models.CharField(max_length=10, blank=True, editable=False)
    """The status that undoing leads to. In the clear, because the database checks it."""

    call_first = models.GeneratedField(
        expression=Case(
            When(~Q(status="closed") & Q(needs_same_day_call=True, reached_at=None, suspicion=""), then=True),
            default=False,
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    """A warning sign was chosen, and nobody has spoken with the sender yet. Leaving a message is not enough."""
    due_on = models.GeneratedField(
        expression=Case(When(answered_at=None, then=F("reply_by")), default=Coalesce("next_try_on", "reply_by")),
        output_field=models.DateField(null=True),
        db_persist=True,
    )
    """The day by which somebody has to do something next: the promised one until the sender has had an answer."""

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

    search_lookups = SearchLookupsField(names=("name", "helper_name"), number="phone", purpose="request.search")
    interest_lookups = ChoiceLookupsField(of="interests", purpose="request.interests")

    objects = RequestQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at"]
        permissions = [
            ("handle_evaluationrequest", "Can record calls and move requests on"),
            ("export_evaluationrequest", "Can export requests, and see who looked at them"),
        ]
        indexes = [
            # The queue, in its order: it stays as quick as it is however many requests are closed.
            models.Index(
                F("call_first").desc(),
                F("due_on").asc(nulls_first=True),
                "id",
                name="request_queue",
                condition=~Q(status="closed") & Q(suspicion=""),
            ),
            # The longer lists, each in its order and counted without a look at the requests themselves.
            models.Index(fields=["received_at", "id"], name="request_sent", condition=Q(suspicion="")),
            models.Index(fields=["received_at", "id"], name="request_spam", condition=~Q(suspicion="")),
            models.Index(fields=["suspicion", "closed_at", "id"], name="request_closed", condition=Q(status="closed")),
            models.Index(fields=["received_at"], name="request_received"),
            models.Index(fields=["scheduled_for"], name="request_scheduled", condition=Q(scheduled_for__isnull=False)),
            models.Index(fields=["hold_until"], name="request_held", condition=Q(hold_until__isnull=False)),
            GinIndex(fields=["search_lookups"], name="request_search"),
            GinIndex(fields=["interest_lookups"], name="request_interests"),
        ]
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
            models.CheckConstraint(
                name="request_scheduled_for_a_time",
                condition=Q(scheduled_for=None) | Q(status__in=("scheduled", "closed")),
                violation_error_message="Only a scheduled request, or one that was, has a time.",
            ),
            models.CheckConstraint(
                name="request_held_with_reason",
                condition=Q(hold_until=None, hold_reason="") | (Q(hold_until__isnull=False) & ~Q(hold_reason="")),
                violation_error_message="A request that is to be kept has a day and a reason.",
            ),
        ]

    def __str__(self):
        # A name here would end up in page titles and in the admin's own log.
        return f"Request {self.spoken_reference}"

    @staticmethod
    def kind() -> str:
        """Return under what name treatments.models.Presence keeps who has a request open."""
        return "request"

    @property
    def spoken_reference(self):
        return references.display(self.reference)
