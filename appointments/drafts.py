"""Answers so far, kept for 24 hours under a token that only the person's own browser holds."""

import hashlib
import secrets
import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from appointments.forms import STEP_BY_SLUG, STEPS, StepForm
from appointments.models import EvaluationRequest, RequestDraft

COOKIE = "request_draft"
CARRIED = "carried"
"""Stands among the steps for what was not answered yet, but is known from where the person came from."""
KEPT_AFTER_SENDING = 60 * 60
"""Seconds in which Back, or an answer that got lost on its way, still leads to the request that was sent."""


def key_of(token: str) -> uuid.UUID:
    """Return the key under which the draft of this token is stored, which becomes the request's submission key."""
    return uuid.UUID(bytes=hashlib.sha256(f"draft:{token}".encode()).digest()[:16])


def key(request) -> uuid.UUID | None:
    token = request.COOKIES.get(COOKIE, "")
    return key_of(token) if token else None


def present(request) -> RequestDraft | None:
    """Return the draft of this browser, unless it has ended or can no longer be decrypted."""
    draft = RequestDraft.objects.alive().filter(pk=key(request)).first() if key(request) else None
    return draft if draft and isinstance(draft.answers, dict) else None


def sent(request) -> EvaluationRequest | None:
    """Return the request that was sent from this browser a short while ago."""
    return EvaluationRequest.objects.filter(submission_key=key(request)).first() if key(request) else None


def begin(*, interests: Sequence[str] = ()) -> tuple[RequestDraft, str]:
    """Make a draft, and return it with the token for its cookie."""
    token = secrets.token_urlsafe(32)
    draft = RequestDraft(pk=key_of(token))
    if interests:
        draft.answers = {CARRIED: {"interests": list(interests)}}
    draft.save(force_insert=True)
    return draft, token


@transaction.atomic
def save_step(key: uuid.UUID, slug: str, answers: dict) -> None:
    """Keep the answers of one step. Two tabs that save at the same time lose nothing of each other."""
    draft = RequestDraft.objects.select_for_update().get(pk=key)
    draft.answers[slug] = answers
    draft.save()


def form_of(step: type[StepForm], draft: RequestDraft, library) -> StepForm | None:
    """Return the form of a step that has been done, filled with its answers and checked anew, else None."""
    stored = draft.answers.get(step.slug)
    return None if stored is None else step(stored, library=library, answers=known(draft))


def known(draft: RequestDraft) -> dict:
    """Return the answers so far by field; an answer given counts for more than one carried along."""
    steps = (draft.answers.get(slug, {}) for slug in (CARRIED, *STEP_BY_SLUG))
    return {name: value for answers in steps for name, value in answers.items()}


def answered(draft: RequestDraft, library) -> list[StepForm]:
    """Return the forms of the steps that are done, in order, up to the first that is not.

    Each is checked anew: what was valid once may not be any more.
    """
    done = []
    for step in STEPS:
        form = form_of(step, draft, library)
        if form is None or not form.is_valid():
            break
        done.append(form)
    return done


def set_cookie(response, token: str, seconds: int = int(RequestDraft.KEPT_FOR.total_seconds())) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=seconds,
        path=reverse("request_evaluation"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
