"""The record: what was done with each request, and who looked at it. Lines are only ever added.

It names requests by their reference and holds nothing about the person, so it outlives them: after an erasure it still
says that there was a request, and who had seen it. The database refuses to change or delete a line.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from appointments import references


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
        WRONG_NUMBER = "wrong number", "Wrong number"
        PUT_OFF = "put off", "To be taken up again later"
        LETTER = "letter", "A letter was sent"
        SCHEDULED = "scheduled", "An evaluation was agreed"
        RESCHEDULED = "rescheduled", "The evaluation was moved to another time"
        CANCELLED = "cancelled", "The evaluation was cancelled"
        OWNER = "owner", "Looked after by"
        NOTED = "noted", "A note was written"
        UNDONE = "undone", "The last click was undone"
        CHANGED = "changed", "Changed by the patient"
        CORRECTED = "corrected", "How to reach them was put right"
        WITHDRAWN = "withdrawn", "Withdrawn by the patient"
        SHELVED = "shelved", "Put on the spam shelf"
        UNSHELVED = "unshelved", "Taken off the spam shelf"
        MAIL_FAILED = "mail failed", "A message was not delivered"
        MAIL_AGAIN = "mail again", "A message is sent again"
        HELD = "held", "Kept beyond its time"
        RELEASED = "released", "Kept no longer than others"
        EXPORTED = "exported", "Exported for the person"
        ERASED = "erased", "Erased"
        PURGED = "purged", "Deleted at the end of its time"

    reference = models.CharField(max_length=8, db_index=True)
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    by = models.CharField(max_length=150)
    """A user name, or one of the names above."""
    detail = models.CharField(max_length=80, blank=True)
    """A status, a reason, a user name or a number; never what somebody typed about a patient."""

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = "event"

    def __str__(self):
        return f"{references.display(self.reference)}: {self.get_kind_display()}"


class Access(models.Model):
    """One time that somebody saw, searched, printed, exported or erased requests, or was kept from it.

    Also when somebody came in or went out, and what was done with an account, since accounts open the requests.

    Reading health information has to be on record (45 CFR 164.312(b)). What somebody searched for is not kept: it
    would be a patient's name.

    The lines form a chain: the database writes into each a fingerprint of the line and of all before it, so a line
    that somebody changed, added or took away later is found by `access.verify`. For that it numbers them, and they
    wait for each other until the transaction of each is over.
    """

    class Kind(models.TextChoices):
        LISTED = "listed", "Saw it in a list"
        FOUND = "found", "Found it by a search"
        VIEWED = "viewed", "Opened it"
        PRINTED = "printed", "Opened it for printing"
        EXPORTED = "exported", "Exported it"
        ERASED = "erased", "Erased it"
        REFUSED = "refused", "Was refused"
        SIGNED_IN = "signed in", "Signed in"
        NOT_LET_IN = "not let in", "Could not sign in"
        SIGNED_OUT = "signed out", "Signed out"
        ACCOUNT = "account", "Changed an account"

    at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    by = models.CharField(max_length=150, db_index=True)
    """A user name; empty where somebody tried a name that no account has, which may be a password typed there."""
    address = models.CharField(max_length=45, blank=True)
    """Where from: an IPv4 address, or a network of IPv6."""
    kind = models.CharField(max_length=14, choices=Kind)
    references = ArrayField(models.CharField(max_length=8), default=list)
    """The requests that were shown."""
    detail = models.CharField(max_length=80, blank=True)
    """A page or a reason; never what somebody typed about a patient."""
    fingerprint = models.CharField(max_length=64, default="", editable=False)
    """SHA-256 of this line and of the fingerprint before it, which the database writes itself."""

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [GinIndex(fields=["references"], name="access_references")]

    def __str__(self):
        return f"{self.by}: {self.get_kind_display()}"
