"""Taking a request over the phone: the questions of the public form on one page, in the order of a call.

The forms are those that patients fill in, so the rules are the same; only the words to say aloud stand here. Warning
signs are asked first, alone: what to tell the caller about them comes before any other question.
"""

import uuid

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods

from appointments import hearing
from appointments.business_days import reply_by
from appointments.desk import frame
from appointments.forms import STEPS, SafetyForm, SendForm
from appointments.models import EvaluationRequest
from appointments.services import submit_evaluation_request

ALOUD = {
    "who": "“Are you asking for yourself, or for someone else? What is the name of the person in pain?”",
    "reach": "“How do you like to be reached best? What is your phone number? And your e-mail address, if you have "
    "one?” Read them back.",
    "safe-contact": "“If someone else answers, what may we say? May we leave a message? When is a good time to call?”",
    "pain": "“What bothers you most? You can name up to five things.”",
    "needs": "“Would anything make a call or a visit easier for you? For example, an interpreter?”",
    "fusion": "“Have you had a spinal fusion? Which part of your back was it, and about when?” It is fine not to know.",
    "tried": "“What have you tried so far?”",
    "interests": "“Is there a treatment that you want to ask about?”",
    "insurance": "“Will you use insurance? I need only the name of the company, not your member number.”",
    "words": "“Is there anything else that we should know?”",
}
"""What to say at each step."""
FIRST = ("who", "reach", "safe-contact", "pain")
"""The steps without which nobody can call back safely. The others follow, folded up, for a caller who has time."""


class ConsentForm(SendForm):
    """The same consent to the same version of the notice, given aloud."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["consent"]
        field.label = "I read the privacy notice to them, and they agreed"
        field.error_messages["required"] = "Read the privacy notice to them, and tick the box when they agree"


class Call:
    """All that is asked in one call. Like a form it knows its errors, so that one list can lead to each of them.

    `posted` is None when the page is opened. Until the warning signs are answered, nothing else is asked or checked.
    """

    def __init__(self, posted, library):
        self.library = library
        self.key = _key(posted)
        self.is_whole = bool(posted) and "save" in posted
        self.answers = posted if self.is_whole else None
        self.safety = SafetyForm(posted, library=library)
        steps = [kind(self.answers, library=library) for kind in STEPS]
        self.steps = sorted(steps, key=lambda step: step.slug not in FIRST)
        self.consent = ConsentForm(self.answers, library=library)
        self.forms = [self.safety, *self.steps, self.consent]
        for form in self.forms:
            form.lone = ""  # what is the heading of a page of its own is one question of many here
            for field in form.fields.values():
                # A browser would keep one patient's number, and offer it for the next.
                field.widget.attrs.pop("autocomplete", None)
        chosen = self.safety.chosen if self.safety.is_valid() else []
        texts = [text for step in self.steps for text in step.in_own_words.values()] if self.is_whole else []
        heard = hearing.signs(texts, library)
        self.signs = [sign for sign in library.signs_by_level if sign in chosen or sign in heard]
        told = posted.getlist("told") if posted else []
        self.is_new_sign = any(sign.slug not in told for sign in self.signs)

    @property
    def can_go_on(self) -> bool:
        """Whether the warning signs are answered, and the other questions are to be shown."""
        return self.is_whole or self.safety.is_valid()

    @property
    def can_be_saved(self) -> bool:
        """Whether every answer is valid, and the page has shown what to tell the caller about each warning sign."""
        return self.is_whole and not self.is_new_sign and not self.errors

    @property
    def is_emergency(self) -> bool:
        """Whether help is needed now."""
        return any(sign.level in SafetyForm.STOPS for sign in self.signs)

    @property
    def needs_same_day_call(self) -> bool:
        """Whether somebody calls today; after an emergency as well, to ask whether they have got help."""
        return any(sign.level in hearing.CALLS for sign in self.signs)

    def values(self) -> dict:
        """Return the checked answers as values of EvaluationRequest's fields, each step knowing those before it."""
        values = {}
        for step in self.steps:
            form = type(step)(self.answers, library=self.library, answers=values)
            form.full_clean()
            values |= form.values()
        return values

    @property
    def first(self) -> list[tuple]:
        """The steps that are always asked, with what to say."""
        return [(step, ALOUD[step.slug]) for step in self.steps if step.slug in FIRST]

    @property
    def rest(self) -> list[tuple]:
        """The other steps, with what to say, and whether there is an answer or an error in them to be seen."""
        steps = [step for step in self.steps if step.slug not in FIRST]
        return [(step, ALOUD[step.slug], any(field.errors or field.value() for field in step)) for step in steps]

    @property
    def errors(self) -> dict:
        return {name: errors for form in self.forms for name, errors in form.errors.items()}

    @property
    def error_count(self) -> int:
        return sum(form.error_count for form in self.forms)

    @property
    def visible_fields(self) -> list:
        return [field for form in self.forms for field in form.visible_fields()]

    @property
    def hidden_fields(self) -> list:
        return [field for form in self.forms for field in form.hidden_fields()]


def _key(posted) -> uuid.UUID:
    """Return the key that the page was opened with, or a new one: a page sent twice makes one request."""
    try:
        return uuid.UUID(posted["key"])
    except (TypeError, KeyError, ValueError):
        return uuid.uuid4()


@require_http_methods(["GET", "HEAD", "POST"])
def by_phone(request):
    """Ask, and save once. What to read to the caller then stands above the new request."""
    frame.require(request, "handle")
    call = Call(request.POST if request.method == "POST" else None, request.library)
    if stored := EvaluationRequest.objects.filter(submission_key=call.key).first():
        # A second click, or Back and a change.
        messages.warning(request, "This request was saved already. Write what has changed since as a note.")
        return _shown(request, stored)
    if call.can_be_saved:
        now = timezone.now()
        stored = submit_evaluation_request(
            submission_key=call.key,
            taken_by=request.user,
            needs_same_day_call=call.needs_same_day_call,
            reply_by=reply_by(now, request.library.clinic, same_day=call.needs_same_day_call),
            privacy_version=call.consent.cleaned_data["privacy_version"],
            **call.values(),
        )
        return _shown(request, stored)
    status = 422 if call.errors else 200
    return frame.page(request, "by_phone.html", "A request by phone", status=status, call=call)


def _shown(request, stored):
    """Lead to a stored request, with what to read to the caller."""
    day = date_format(stored.reply_by, "l, F j")
    words = f"Your reference is {stored.spoken_reference}. You will hear from us by {day}."
    messages.success(request, f"Saved. Read to them: “{words}”")
    return redirect("admin:appointments_evaluationrequest_change", stored.pk)
