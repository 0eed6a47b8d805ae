"""Who may send a request just now. Nobody is refused for good, no third party is asked, and nothing is thrown away.

What looks like spam is stored on a shelf of its own. When very many requests come, a browser has to do a second or so
of work before it may send; without JavaScript, waiting half a minute does instead.
"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.core import signing
from django.utils import timezone

from appointments import limits, references
from appointments.models import EvaluationRequest, RequestDraft

Suspicion = EvaluationRequest.Suspicion

FASTEST = timedelta(seconds=15)
"""Nobody reads and answers twelve pages faster than this."""
WAIT = timedelta(seconds=30)
"""How long somebody without JavaScript waits instead of working."""
EASY, HARD = 18, 21
"""Leading zero bits of a proof: about 262,000 tries for everybody in a flood, eight times as many for an address that
is over its own limit. In the browser of a laptop that is about 0.25 and 2 seconds, on an old phone five times that."""
CHALLENGE_AGE = timedelta(minutes=30)
SALT = "appointments.gate"


class Challenge(NamedTuple):
    """What a browser has to solve: find `proof` so that SHA-256 of `ticket:proof` begins with `bits` zero bits."""

    ticket: str
    bits: int
    may_wait: bool


class Verdict(NamedTuple):
    passes: bool
    suspicion: str = ""
    challenge: Challenge | None = None
    retry_after: int = 0
    """Seconds."""


def judge(request, draft: RequestDraft) -> Verdict:
    """Say whether this browser may send this draft now, and whether it looks like spam.

    Call it for a draft that has not been sent yet. Raises Django's database errors when Postgres is away.
    """
    suspicion = _suspicion(request, draft)
    one_is_over = limits.is_over(limits.SEND, limits.client_address(request))
    # What one address tries beyond its own limit does not count for all: it alone could make everybody work.
    if not one_is_over and not limits.is_over(limits.SEND_FROM_ALL):
        return Verdict(True, suspicion)
    bits = HARD if one_is_over else EASY
    ticket, proof = request.POST.get("ticket", ""), request.POST.get("proof", "")
    if given_out := _given_out(ticket, draft):
        if proof and _is_proof(ticket, proof, bits):
            return Verdict(True, suspicion)
        if not one_is_over and timezone.now() - given_out >= WAIT:
            return Verdict(True, suspicion or Suspicion.FLOOD)
    challenge = Challenge(_new_ticket(draft), bits, may_wait=not one_is_over)
    retry_after = limits.seconds_left(limits.SEND) if one_is_over else int(WAIT.total_seconds())
    return Verdict(False, challenge=challenge, retry_after=retry_after)


def wait_to_begin(request) -> int:
    """Return for how many seconds no more drafts may be begun from this address; 0 when one may be begun now."""
    return _wait((limits.BEGIN, limits.client_address(request)))


def wait_to_look_up(request, reference: str) -> int:
    """Return for how many seconds nobody may try to open this request by its reference; 0 when it may be tried now.

    Each try counts against the limit of the address and that of the reference.
    """
    address = limits.client_address(request)
    return _wait((limits.LOOK_UP, address), (limits.LOOK_UP_ONE, references.normal(reference)))


def _wait(*counts):
    return max([limits.seconds_left(limit) for limit, key in counts if limits.is_over(limit, key)], default=0)


def _suspicion(request, draft):
    if request.POST.get("website"):
        return Suspicion.HIDDEN_FIELD
    if timedelta(0) <= timezone.now() - draft.started_at < FASTEST:  # below zero, it is our clock that was set back
        return Suspicion.TOO_FAST
    return ""


def _new_ticket(draft):
    """Return a signed ticket. It fits one draft, which makes one request, so using it twice gains nothing."""
    return signing.TimestampSigner(salt=SALT).sign(f"{draft.pk.hex}.{secrets.token_urlsafe(12)}")


def _given_out(ticket, draft):
    """Return when a ticket was given out (aware, UTC), or None when it is not a valid one for this draft."""
    try:
        value = signing.TimestampSigner(salt=SALT).unsign(ticket, max_age=CHALLENGE_AGE)
    except signing.BadSignature:
        return None
    if value.partition(".")[0] != draft.pk.hex:
        return None
    return datetime.fromtimestamp(signing.b62_decode(ticket.rsplit(":", 2)[1]), UTC)


def _is_proof(ticket, proof, bits):
    digest = hashlib.sha256(f"{ticket}:{proof}".encode()).digest()
    return int.from_bytes(digest) >> (256 - bits) == 0
