"""What somebody can learn about a request of theirs without an account, and how they prove that it is theirs.

Nothing here says what they wrote, who they are or how they can be reached.
"""

from __future__ import annotations

import datetime
import hmac

from django.utils import timezone
from django.utils.formats import date_format

from appointments import references
from appointments.models import EvaluationRequest, RequestEvent
from appointments.models.statuses import PATIENT_WORDS
from appointments.services import CONTACT_ATTEMPTS, tracking_hash

Status, ClosedReason, Event = EvaluationRequest.Status, EvaluationRequest.ClosedReason, RequestEvent.Kind

ATTEMPT_WORDS = {
    Event.REACHED: "We spoke with you.",
    Event.LEFT_MESSAGE: "We left you a message.",
    Event.NO_ANSWER: "We tried to reach you and got no answer.",
    Event.WRONG_NUMBER: "We tried to reach you. The number that we have does not lead to you.",
}


def patient_status(request: EvaluationRequest) -> str:
    """Return where a request stands, in the words that its sender reads."""
    if request.status == Status.SCHEDULED and (visit := visit_of(request)):
        return f"The evaluation is on {visit['when']}."
    return PATIENT_WORDS[request.closed_reason or request.status]


def visit_of(request: EvaluationRequest) -> dict[str, str] | None:
    """Return when the agreed evaluation is, with whom and where; None when none is agreed."""
    if request.status != Status.SCHEDULED or not request.scheduled_for:
        return None
    at = timezone.localtime(request.scheduled_for)
    when = f"{date_format(at, 'l, F j, Y')}, at {date_format(at, 'g:i A T')}"
    return {"when": when, "clinician": request.clinician, "place": request.place}


def last_attempt(request: EvaluationRequest) -> tuple[datetime.datetime, str] | None:
    """Return when the clinic last tried to reach the sender (aware, UTC), and what came of it."""
    events = RequestEvent.objects.filter(reference=request.reference)
    undone = {int(detail) for detail in events.filter(kind=Event.UNDONE).values_list("detail", flat=True)}
    last = events.filter(kind__in=CONTACT_ATTEMPTS).exclude(pk__in=undone).order_by("at", "pk").last()
    return (last.at, ATTEMPT_WORDS[last.kind]) if last else None


def by_token(token: str) -> EvaluationRequest | None:
    """Return the request that a private link leads to."""
    return EvaluationRequest.objects.filter(tracking_hash=tracking_hash(token)).first()


def by_reference(reference: str, proof: str) -> EvaluationRequest | None:
    """Return the request with this reference, if `proof` is the end of its phone number, or its e-mail address."""
    request = EvaluationRequest.objects.filter(reference=references.normal(reference)).first()
    proof = proof.strip().casefold()
    digits = "".join(character for character in proof if character.isascii() and character.isdigit())
    known = {request.email.casefold(), *_last_digits(request.phone)} if request else set()
    answers = {digits[-4:]} if "@" not in proof and len(digits) >= 4 else {proof}
    matches = [
        hmac.compare_digest(one.encode(), answer.encode()) for one in known if one for answer in answers if answer
    ]
    return request if any(matches) else None


def _last_digits(number: str) -> set[str]:
    """Return the last four digits of a number, with and without its extension."""
    plain, _, extension = number.partition(";ext=")
    return {digits[-4:] for digits in (plain, plain + extension)} - {""}
