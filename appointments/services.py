"""The one act of this app: taking a request."""

import uuid

from django.db import transaction
from django.utils import timezone

from appointments.models import EvaluationRequest, StaffMessage
from appointments.outbox import wake_worker
from appointments.references import new_reference


@transaction.atomic(durable=True)
def submit_evaluation_request(*, submission_key: uuid.UUID, **answers) -> EvaluationRequest:
    """Store a request and the message that tells staff of it, both or neither, and return the request.

    A second call with the same `submission_key` stores nothing and returns the first request, so that a double
    click, a refresh or a form sent again after an outage makes one request. When this returns, the request is on disk.
    `answers` are checked values of EvaluationRequest's fields. Raises Django's database errors when Postgres is
    away.
    """
    while True:
        request = EvaluationRequest(submission_key=submission_key, reference=new_reference(), **answers)
        # "On conflict do nothing" rather than an error: Postgres would log the failed statement with its values.
        EvaluationRequest.objects.bulk_create([request], ignore_conflicts=True)
        stored = EvaluationRequest.objects.filter(submission_key=submission_key).first()
        if stored:
            break
        # The conflict was about the reference: somebody else has it. Draw another one.
    if stored.reference == request.reference:
        StaffMessage.objects.create(request=stored, due_at=timezone.now())
        wake_worker()
    return stored
