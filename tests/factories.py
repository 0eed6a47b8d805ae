"""Objects for tests: valid as they are, so a test changes only what it is about."""

import uuid

from appointments.models import Concern, EvaluationRequest
from appointments.services import submit_evaluation_request
from medici_site.models import User


def make_user(**changes) -> User:
    values = {"username": "manager", "is_staff": True, "is_superuser": True} | changes
    return User.objects.create_user(password="a long enough password", **values)


def request_answers(**changes) -> dict:
    """Answers as the service takes them."""
    return {
        "for_whom": "self",
        "contact_by": "phone",
        "phone": "+15550100142",
        "may_leave_message": False,
        "name": "Sample Patient",
        "best_times": ["morning"],
        "concerns": [Concern.LEG],
        "interests": ["interventional"],
        "needs": "",
        "message": "",
        "privacy_version": 1,
    } | changes


def make_request(**changes) -> EvaluationRequest:
    key = changes.pop("submission_key", None) or uuid.uuid4()
    return submit_evaluation_request(submission_key=key, **request_answers(**changes))


def form_data(**changes) -> dict:
    """Data as a browser sends them; a change to None leaves the field out."""
    data = {
        "submission_key": str(uuid.uuid4()),
        "safe": "on",
        "for_whom": "self",
        "name": "Sample Patient",
        "contact_by": "phone",
        "phone": "(555) 010-0142",
        "may_leave_message": "no",
        "concerns": ["leg"],
        "consent": "on",
    } | changes
    return {name: value for name, value in data.items() if value is not None}
