"""Objects for tests: valid as they are, so a test changes only what it is about."""

import datetime
import io
import time
import uuid
from types import SimpleNamespace

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.text import slugify
from PIL import Image

from appointments import services
from appointments.choices import Concern
from appointments.models import EvaluationRequest
from appointments.services import submit_evaluation_request
from medici_site.accounts.sessions import BEGAN, SECOND_FACTOR, SEEN
from medici_site.models import User

TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make_user(*, role=None, second_factor=True, **changes) -> User:
    """A superuser, or a person with one role: make_user(role="medical reviewer"). They have an authenticator app."""
    values = {"username": slugify(role or "manager"), "is_staff": True, "is_superuser": not role}
    if role:
        values |= {"first_name": "Sam", "last_name": f"Sample-{role.title()}", "credentials": "MD"}
    user = User.objects.create_user(password="a long enough password", **(values | changes))
    if role:
        user.groups.add(Group.objects.get(name__iexact=role))
    if second_factor:
        TOTP.activate(user, TOTP_SECRET)
    return user


def sign_in(client, user) -> None:
    """Let a test client be as somebody who has come in with their second factor a moment ago."""
    client.force_login(user)
    session = client.session
    session.update({BEGAN: time.time(), SEEN: time.time(), SECOND_FACTOR: True})
    record_authentication(SimpleNamespace(session=session), user, "mfa", type="totp")
    session.save()


def code_now(later=0) -> str:
    """What the app of everybody in the tests shows now, or so many codes later."""
    return format_hotp_value(hotp_value(TOTP_SECRET, int(time.time()) // 30 + later))


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
        "reply_by": timezone.localdate() + datetime.timedelta(days=3),
    } | changes


def make_request(**changes) -> EvaluationRequest:
    key = changes.pop("submission_key", None) or uuid.uuid4()
    return submit_evaluation_request(submission_key=key, **request_answers(**changes))


def agree(request, *, days=7, **changes) -> None:
    """Agree on an evaluation, so many days from now."""
    values = {"clinician": "Dr. Sample", "place": "Room 2", "by": "dana"} | changes
    services.schedule(request, timezone.now() + datetime.timedelta(days=days), **values)


def make_photograph(name="room.jpg", *, size=(600, 400), color="teal", kind="JPEG", **options) -> SimpleUploadedFile:
    """A photograph as a browser sends it; `options` are those of Pillow for this kind of file."""
    content = io.BytesIO()
    Image.new("RGB", size, color).save(content, kind, **options)
    return SimpleUploadedFile(name, content.getvalue(), f"image/{kind.lower()}")
