"""Where a request can stand, where it can go from there, and what staff and its sender read about it.

This is the only list of statuses and moves. The database refuses other moves as well: a change here needs a migration
that brings its trigger in line, and a test compares the two.
"""

from django.db import models


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


MOVES = {
    Status.NEW: {Status.IN_HAND, Status.WAITING, Status.SCHEDULED, Status.CLOSED},
    Status.IN_HAND: {Status.WAITING, Status.SCHEDULED, Status.CLOSED},
    Status.WAITING: {Status.IN_HAND, Status.SCHEDULED, Status.CLOSED},
    Status.SCHEDULED: {Status.IN_HAND, Status.WAITING, Status.CLOSED},
    Status.CLOSED: {Status.IN_HAND},
}
"""Where a request can go from each status. Undoing the last act can take it back to where it was just before."""

PATIENT_WORDS = {
    Status.NEW: "We have your request. Someone on our team will read it.",
    Status.IN_HAND: "Someone on our team is working on your request.",
    Status.WAITING: "It is your turn. Please call us, or tell us below when we can reach you.",
    Status.SCHEDULED: "We have agreed on a day for the visit. If you are not sure when, call us.",
    ClosedReason.SEEN: "The evaluation took place, so this request is finished.",
    ClosedReason.WITHDRAWN: "You withdrew this request. We will not contact you about it.",
    ClosedReason.NOT_REACHED: "We could not reach you, so we closed this request. Call us any time to open it again.",
    ClosedReason.NOT_SUITABLE: "This request is closed. We told you why. Call us if you have a question.",
    ClosedReason.DUPLICATE: "You sent this request twice. We go on with the other one.",
}
"""What the sender reads: by the reason where a request is closed, else by its status."""
