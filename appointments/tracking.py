"""What somebody can learn about a request of theirs without an account, and how they prove that it is theirs.

Nothing here says what they wrote, who they are or how they can be reached.
"""

from __future__ import annotations

import datetime
import hmac

from appointments import references
from appointments.models import EvaluationRequest, RequestEvent
from appointments.services import CONTACT_ATTEMPTS, tracking_hash

Status, ClosedReason, Event = EvaluationRequest.Status, EvaluationRequest.ClosedReason, RequestEvent.Kind

PATIENT_WORDS = {
    Status.NEW: "We have your request. Someone on our team will read it.",
    Status.IN_HAND: "Someone on our team is working on your request.",
    Status.WAITING: "It is your turn. Please call us, or tell us below when we can reach you.",
    Status.SCHEDULED: "We have agreed on a day for your visit. If you are not sure when, call us.",
    ClosedReason.SEEN: "You have had your evaluation, so this request is finished.",
    ClosedReason.WITHDRAWN: "You withdrew this request. We will not contact you about it.",
    ClosedReason.NOT_REACHED: "We could not reach you, so we closed this request. Call us any time to open it again.",
    ClosedReason.NOT_SUITABLE: "This request is closed. We told you why. Call us if you have a question.",
    ClosedReason.DUPLICATE: "You sent this request twice. We go on with the other one.",
}
ATTEMPT_WORDS = {
    Event.REACHED: "We spoke with you.",
    Event.LEFT_MESSAGE: "We left you a message.",
    Event.NO_ANSWER: "We tried to reach you and got no answer.",
}


def patient_status(request: EvaluationRequest) -> str:
    """Return where a request stands, in the words that its sender reads."""
    return PATIENT_WORDS[request.closed_reason or request.status]


def last_attempt(request: EvaluationRequest) -> tuple[datetime.datetime, str] | None:
    """Return when the clinic last tried to reach the sender (aware, UTC), and what came of it."""
    attempts = RequestEvent.objects.filter(reference=request.reference, kind__in=CONTACT_ATTEMPTS)
    last = attempts.order_by("at", "pk").last()
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
