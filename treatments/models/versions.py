"""Versions: what patients read. A version's words never change; the database refuses it."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Version(models.Model):
    """The words of one piece of content as they were published at one moment."""

    class State(models.TextChoices):
        PUBLISHED = "published", "Published"
        REPLACED = "replaced", "Replaced"

    kind = models.CharField(max_length=20, help_text="The model's name, for example treatment.")
    content_id = models.PositiveBigIntegerField()
    number = models.PositiveIntegerField()
    record = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.PUBLISHED)
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """Empty for words that came from the content files."""
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["-published_at", "-id"]
        constraints = [
            models.UniqueConstraint(name="version_number_unique", fields=["kind", "content_id", "number"]),
            models.UniqueConstraint(
                name="version_one_published",
                fields=["kind", "content_id"],
                condition=Q(state="published"),
                violation_error_message="Only one version of a page can be published at a time.",
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.content_id}, version {self.number}"
