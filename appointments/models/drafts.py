"""Answers of somebody who has not sent them yet."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

from appointments.encryption import EncryptedJSONField


class DraftQuerySet(models.QuerySet):
    def alive(self):
        """Drafts that may be resumed. Older ones are refused at once and deleted soon after."""
        return self.filter(saved_at__gt=timezone.now() - RequestDraft.KEPT_FOR)

    def ended(self):
        return self.filter(saved_at__lte=timezone.now() - RequestDraft.KEPT_FOR)


class RequestDraft(models.Model):
    """The answers so far, so that a closed tab or a flat battery loses nothing.

    The browser's cookie holds a random token, and this row only what is derived from it (`drafts.key_of`): who reads
    the database cannot resume a request. The same key becomes the submission key, so one draft makes one request.
    """

    KEPT_FOR = timedelta(hours=24)

    submission_key = models.UUIDField(primary_key=True, editable=False)
    answers = EncryptedJSONField(purpose="draft.answers", default=dict)
    """The checked answers of each step that is done, by the step's name."""
    needs_same_day_call = models.BooleanField(default=False)
    started_at = models.DateTimeField(auto_now_add=True)
    saved_at = models.DateTimeField(auto_now=True, db_index=True)

    objects = DraftQuerySet.as_manager()

    def __str__(self):
        return "Unfinished request"
