"""Versions: every text that was ever saved, and what became of it. Their words never change; Postgres refuses it."""

import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone

from treatments.models.base import Content


class VersionQuerySet(models.QuerySet):
    def of(self, content: Content) -> "VersionQuerySet":
        """The versions of one piece of content, also of one that was deleted, the newest first."""
        return self.filter(kind=content.kind(), content_id=content.pk)

    def published(self) -> "VersionQuerySet":
        return self.filter(state=Version.State.PUBLISHED)

    def due(self, now: datetime.datetime) -> "VersionQuerySet":
        """What has to happen by itself: scheduled versions to publish, published ones to take down."""
        return self.filter(self.is_due(now))

    @staticmethod
    def is_due(now: datetime.datetime) -> Q:
        return Q(state=Version.State.SCHEDULED, publish_at__lte=now) | Q(
            state=Version.State.PUBLISHED, retire_at__lte=now
        )

    def under_way(self) -> "VersionQuerySet":
        """Those that are on their way to patients; a page has one at most."""
        return self.filter(state__in=Version.UNDER_WAY)


class VersionManager(models.Manager.from_queryset(VersionQuerySet)):
    def get_queryset(self):
        return super().get_queryset().defer("search", "search_names")  # only the database reads them


class Version(models.Model):
    """The words of one piece of content as they were saved at one moment."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in review", "In review"
        APPROVED = "approved", "Approved"
        SCHEDULED = "scheduled", "Scheduled"
        PUBLISHED = "published", "Published"
        REPLACED = "replaced", "Replaced"
        RETIRED = "retired", "Retired"

    UNDER_WAY = (State.IN_REVIEW, State.APPROVED, State.SCHEDULED)
    TO_SIGN = (*UNDER_WAY, State.PUBLISHED)

    kind = models.CharField(max_length=20, help_text="The model's name, for example treatment.")
    content_id = models.PositiveBigIntegerField()
    number = models.PositiveIntegerField()
    record = models.JSONField()
    created_at = models.DateTimeField("saved", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="saved by"
    )
    """Empty for words that came from the content files."""
    reason = models.CharField(max_length=200, blank=True)

    # All that may change after a version was saved.
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    publish_at = models.DateTimeField(null=True, help_text="When a scheduled version becomes public.")
    retire_at = models.DateTimeField(null=True, help_text="When it is taken down by itself. Empty: never.")
    published_at = models.DateTimeField(null=True, help_text="When it became public.")

    # What the search looks at. Postgres makes it of the words while they are public, so it cannot fall behind.
    search = models.GeneratedField(
        expression=Func("state", "kind", "record", function="treatments_search"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    search_names = models.GeneratedField(
        expression=Func("state", "kind", "record", function="treatments_search_names"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = VersionManager()

    class Meta:
        ordering = ["-created_at", "-id"]
        permissions = [
            ("publish_version", "Can publish, schedule and take down pages"),
            ("sign_version", "Can sign pages as a medical reviewer"),
        ]
        constraints = [
            models.UniqueConstraint(name="version_number_unique", fields=["kind", "content_id", "number"]),
            models.UniqueConstraint(
                name="version_one_published",
                fields=["kind", "content_id"],
                condition=Q(state="published"),
                violation_error_message="Only one version of a page can be published at a time.",
            ),
            models.UniqueConstraint(
                name="version_one_under_way",
                fields=["kind", "content_id"],
                condition=Q(state__in=["in review", "approved", "scheduled"]),
                violation_error_message="Another version of this page is already on its way.",
            ),
            models.CheckConstraint(
                name="version_public_has_date",
                condition=Q(state__in=["published", "replaced", "retired"], published_at__isnull=False)
                | (~Q(state__in=["published", "replaced", "retired"]) & Q(published_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="version_scheduled_has_time", condition=~Q(state="scheduled") | Q(publish_at__isnull=False)
            ),
            models.CheckConstraint(
                name="version_retires_after_publishing",
                condition=Q(retire_at=None) | Q(publish_at=None) | Q(retire_at__gt=F("publish_at")),
            ),
        ]
        # Every page asks for these, and there are few of them among all that was ever saved.
        indexes = [
            models.Index(name="version_current", fields=["state"], condition=Q(state__in=["published", "scheduled"])),
            GinIndex(name="version_search", fields=["search"], condition=Q(state="published")),
        ]

    def __str__(self):
        return f"version {self.number}"


class VersionEvent(models.Model):
    """One thing that somebody did with a version. The list of them is only ever added to."""

    class Action(models.TextChoices):
        SENT = "sent", "Sent for review"
        SENT_BACK = "sent back", "Sent back with remarks"
        SIGNED = "signed", "Signed as medically reviewed"
        SCHEDULED = "scheduled", "Scheduled"
        TAKEN_BACK = "taken back", "Taken back to draft"
        PUBLISHED = "published", "Published"
        WILL_RETIRE = "will retire", "Taking down planned"
        RETIRED = "retired", "Taken down"
        DELETED = "deleted", "Page deleted"
        RESTORED = "restored", "Restored as the working copy"
        SHARED = "shared", "Share link made"
        OPENED = "opened", "Share link opened"
        UNSHARED = "unshared", "Share link ended"

    version = models.ForeignKey(Version, models.PROTECT, related_name="events")
    action = models.CharField(max_length=12, choices=Action)
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """Empty for what happened by itself: an import, a schedule, a visitor with a share link."""
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self):
        return self.get_action_display()


class SignOff(models.Model):
    """A named reviewer's signature under the exact words of a version. Never changed, never deleted."""

    version = models.ForeignKey(Version, models.PROTECT, related_name="sign_offs")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # As they were on that day: a later change of name or title does not rewrite who signed.
    reviewer_name = models.CharField(max_length=301)
    credentials = models.CharField(max_length=150)
    signed_at = models.DateTimeField(auto_now_add=True)
    fingerprint = models.CharField(max_length=64, help_text="Of the clinical fields; see schema.clinical_fingerprint.")
    next_review_on = models.DateField()
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["signed_at", "id"]
        verbose_name = "medical review"

    def __str__(self):
        return f"{self.reviewer_name}, {self.credentials}"


class ShareLink(models.Model):
    """Lets a person without an account read one version until a day. What was opened is in the version's events."""

    version = models.ForeignKey(Version, models.PROTECT, related_name="share_links")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self):
        return f"share link to {self.version}"

    @property
    def is_alive(self):
        return self.revoked_at is None and self.expires_at > timezone.now()


class PresenceManager(models.Manager):
    AWAY_AFTER = datetime.timedelta(minutes=30)

    def note(self, content: Content, user) -> None:
        """Note that a member of staff has this content open."""
        self.update_or_create(kind=content.kind(), content_id=content.pk, user=user)

    def others(self, content: Content, user) -> models.QuerySet["Presence"]:
        """Return who else has had this content open of late and has not saved since."""
        since = timezone.now() - self.AWAY_AFTER
        here = self.filter(kind=content.kind(), content_id=content.pk, seen_at__gte=since)
        return here.exclude(user=user).select_related("user").order_by("opened_at")

    def leave(self, content: Content, user) -> None:
        self.filter(kind=content.kind(), content_id=content.pk, user=user).delete()


class Presence(models.Model):
    """Who has a page of content open in the admin, and when their browser last said so."""

    kind = models.CharField(max_length=20)
    content_id = models.PositiveBigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(auto_now=True)

    objects = PresenceManager()

    class Meta:
        constraints = [models.UniqueConstraint(name="presence_unique", fields=["kind", "content_id", "user"])]

    def __str__(self):
        return f"{self.user} has {self.kind} {self.content_id} open"
