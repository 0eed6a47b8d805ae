"""What the front desk keeps for itself."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from appointments.encryption import EncryptedTextField
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
