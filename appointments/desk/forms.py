"""What staff type at the desk. Times are those of the clinic, because the admin runs in its time zone."""

import datetime

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property

from appointments import choices
from appointments.forms import ChangeContactForm
from appointments.models import EvaluationRequest
from appointments.services import CancelReason

Status, ClosedReason = EvaluationRequest.Status, EvaluationRequest.ClosedReason


def choose(*lines, empty: str = "Choose one"):
    return [("", empty), *lines]


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs):
        super().__init__(format="%Y-%m-%d", **kwargs)


class PlainForm(forms.Form):
    """A form whose labels end as they are written, without a colon."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"label_suffix": ""} | kwargs)


class DeskForm(forms.Form):
    """What all forms of the desk share: errors stay on the page, which the browser's own bubbles do not."""

    use_required_attribute = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **({"auto_id": f"{self.act.replace(' ', '-')}-%s"} | kwargs))
        for field in self.fields.values():
            # The browser would cut off what is too long without a word; our error says so.
            field.widget.attrs.pop("maxlength", None)

    act: str
    """The value of the button that sends the form."""

    def values(self) -> dict:
        """Return what was typed, checked."""
        return self.cleaned_data


class NoteForm(DeskForm):
    act = "note"
    text = forms.CharField(
        label="Note for your colleagues",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "data-key": "n"}),
        error_messages={"required": "Write something first."},
        help_text="The patient never sees it. It cannot be changed later.",
    )


class PutOffForm(DeskForm):
    act = "put off"
    day = forms.DateField(label="Come back to it on", widget=DayInput, error_messages={"required": "Choose a day."})


class CorrectForm(ChangeContactForm, DeskForm):
    """How to reach somebody, as they told staff. The rules are those of the patient's own form."""

    act = "correct"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["may_text"] = self.request.may_text
        labels = {"contact_by": "They like best", "may_text": "They allow text messages"}
        for name, field in self.fields.items():
            field.label = labels.get(name, field.label)
            if name in labels:
                field.help_text = ""
        self.fields["contact_by"].widget = forms.Select(choices=EvaluationRequest.ContactBy.choices)


class ScheduleForm(DeskForm):
    act = "schedule"
    day = forms.DateField(label="Day", widget=DayInput, error_messages={"required": "Choose a day."})
    time = forms.TimeField(
        label="Time",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"required": "Enter a time."},
    )
    clinician = forms.CharField(
        label="With", max_length=120, error_messages={"required": "Say with whom."}, help_text="For example: Dr. Sample"
    )
    place = forms.CharField(
        label="Where", max_length=200, error_messages={"required": "Say where."}, help_text="Building, floor, room"
    )
    reason = forms.ChoiceField(
        label="Why it is moved",
        choices=choose(*CancelReason.choices),
        error_messages={"required": "Say why it is moved."},
    )

    def __init__(self, *args, request: EvaluationRequest, **kwargs):
        initial = {}
        if at := request.scheduled_for:
            at = timezone.localtime(at)
            initial = {
                "day": at.date(),
                "time": at.time(),
                "clinician": request.clinician,
                "place": request.place,
            }
        super().__init__(*args, **({"initial": initial} | kwargs))
        if not request.scheduled_for:
            del self.fields["reason"]

    def clean(self):
        values = super().clean()
        if values.get("day") and values.get("time"):
            naive = datetime.datetime.combine(values["day"], values["time"])
            values["when"] = when = timezone.make_aware(naive)
            # The hour that is skipped when the clocks go forward.
            if timezone.make_naive(when.astimezone(datetime.UTC)) != naive:
                self.add_error("time", "There is no such time on that day: the clocks change.")
        return values


class CancelForm(DeskForm):
    act = "cancel"
    reason = forms.ChoiceField(
        label="Why it is cancelled",
        choices=choose(*CancelReason.choices),
        error_messages={"required": "Say why it is cancelled."},
    )


class CloseForm(DeskForm):
    act = "close"
    reason = forms.ChoiceField(
        label="Why you close it", choices=choose(*ClosedReason.choices), error_messages={"required": "Say why."}
    )
    duplicate_of = forms.CharField(
        label="Reference of the request that you go on with",
        max_length=20,
        required=False,
        help_text="Only where it was sent twice",
    )


class FilterForm(forms.Form):
    """What the queue shows. All of it may stand in an address: it says nothing about any one person."""

    AGES = {"today": 0, "week": 6, "month": 29}
    """Days before today from which on a request counts."""
    OLDER = "older"

    show = forms.ChoiceField(required=False, choices=[], widget=forms.HiddenInput)
    status = forms.ChoiceField(label="Status", required=False, choices=choose(*Status.choices, empty="Any status"))
    owner = forms.ChoiceField(
        label="Looked after by",
        required=False,
        choices=[("", "Anybody"), ("me", "Me"), ("nobody", "Nobody yet"), ("others", "Somebody else")],
    )
    treatment = forms.ChoiceField(label="Interested in", required=False)
    age = forms.ChoiceField(
        label="Sent",
        required=False,
        choices=[
            ("", "At any time"),
            ("today", "Today"),
            ("week", "In the last 7 days"),
            ("month", "In the last 30 days"),
            (OLDER, "Longer ago"),
        ],
    )

    def __init__(self, *args, library, views, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["show"].choices = [("", ""), *((name, name) for name in views)]
        labels = choices.labels("interests", library)
        self.fields["treatment"].choices = choose(*labels.items(), empty="Anything")

    @cached_property
    def values(self) -> dict[str, str]:
        """The filters that are set. What is no choice of the form counts as not set."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def view(self) -> str:
        """The view of the desk; to do now, where none was chosen."""
        return self.values.get("show", "now")
