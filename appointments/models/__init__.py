"""What the clinic keeps of people who ask for an evaluation. Everything they typed is ciphertext in the database."""

from appointments.models.desk import KeptForm, RequestNote, SavedView
from appointments.models.drafts import RequestDraft
from appointments.models.limits import Tally
from appointments.models.messages import Message
from appointments.models.record import Access, RequestEvent
from appointments.models.requests import EvaluationRequest

__all__ = [
    "Access",
    "EvaluationRequest",
    "KeptForm",
    "Message",
    "RequestDraft",
    "RequestEvent",
    "RequestNote",
    "SavedView",
    "Tally",
]
