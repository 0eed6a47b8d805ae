"""What the front desk keeps for itself."""

import datetime
import re

from django.conf import settings
from django.db import models
from django.utils import timezone

from appointments.encryption import EncryptedJSONField, EncryptedTextField
from appointments.models.requests import EvaluationRequest


class RequestNote(models.Model):
    """What a member of staff wrote down about a request. Its sender never sees it.

    Notes are only ever added: the database refuses to change one, other than to encrypt it anew, and to delete one,
    other than with its request.
    """

    request = models.ForeignKey(EvaluationRequest, models.CASCADE, related_name="notes")
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.CharField(max_length=150)
    """A user name."""
    text = EncryptedTextField(purpose="note.text")

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = "note"

    def __str__(self):
        return f"Note on {self.request.spoken_reference}"


class SavedView(models.Model):
    """A choice of filters that somebody uses often. Never a search: its words would be a patient's name."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=200)
    """The filters as they stand in the address of the queue."""

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                name="saved_view_unique",
                fields=["owner", "name"],
                violation_error_message="You have a view with this name.",
            )
        ]

    def __str__(self):
        return self.name


class KeptForm(models.Model):
    """What a member of staff was typing when they were signed out. See `kept_forms`."""

    KEPT_FOR = datetime.timedelta(hours=12)

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    page = models.TextField()
    """Where it was typed."""
    action = models.TextField(blank=True)
    """Where a button sent it; empty when none was pressed and none is meant."""
    fields = EncryptedJSONField(purpose="kept form")
    """Pairs of a name and a value, as the browser sends them."""
    kept_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True)
    """When it was sent again. It stays until its time is over, because what it was sent to may refuse it."""

    class Meta:
        ordering = ["-kept_at", "-pk"]

    def __str__(self):
        return f"Kept for {self.account}"

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What a person typed, under names that can be read; without what the page itself put into the form."""
        return [
            (re.sub(r"[-_]+", " ", name).strip().capitalize(), value)
            for name, value in self.fields
            if value.strip() and not re.search(r"^_|_FORMS$|^initial-|^act$", name)
        ]
