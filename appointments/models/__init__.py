"""What the clinic keeps of people who ask for an evaluation. Everything they typed is ciphertext in the database."""

from appointments.models.drafts import RequestDraft
from appointments.models.limits import Tally
from appointments.models.messages import Message
from appointments.models.requests import EvaluationRequest, RequestEvent

__all__ = ["EvaluationRequest", "Message", "RequestDraft", "RequestEvent", "Tally"]
