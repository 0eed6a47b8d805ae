"""The questions we ask, why we ask them, and the words for every error."""

import uuid

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Fieldset, Layout, Submit
from django import forms

from appointments.models import Concern, EvaluationRequest
from treatments import phone

ForWhom, ContactBy = EvaluationRequest.ForWhom, EvaluationRequest.ContactBy
MOST_CONCERNS = 5
NOT_SURE = "not-sure"


class LinesField(forms.CharField):
    """Several lines of text. A browser sends two characters for each line end; people count one."""

    widget = forms.Textarea

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n")


class LinkableField(forms.BoundField):
    """A field that says which control an error in the summary should lead to."""

    @property
    def first_control_id(self):
        return self.subwidgets[0].id_for_label if self.use_fieldset else self.id_for_label


class EvaluationRequestForm(forms.Form):
    """One page with what the clinic needs to call back, and no more.

    Left out on purpose: date of birth, address, insurance number, medicines and doses, history of mental health.
    """

    bound_field_class = LinkableField
    # The browser's own bubbles cannot be read at leisure; our errors stay on the page.
    use_required_attribute = False

    submission_key = forms.UUIDField(widget=forms.HiddenInput)

    safe = forms.BooleanField(
        label="None of these is happening to me now",
        error_messages={"required": "Read the list. If none of it is happening now, tick the box. Otherwise get help."},
    )
    for_whom = forms.ChoiceField(
        label="Who is this request for?",
        choices=ForWhom,
        widget=forms.RadioSelect,
        help_text="Children need another service. Helpers are welcome.",
        error_messages={"required": "Choose who the request is for"},
    )
    name = forms.CharField(
        label="Name of the person in pain",
        max_length=120,
        help_text="So we know who to ask for.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter a name"},
    )
    helper_name = forms.CharField(
        label="Your name, if you are asking for someone else", max_length=120, required=False,
        help_text="So we speak with the right person.",
    )  # fmt: skip
    helper_relation = forms.CharField(
        label="How you know them", max_length=60, required=False, help_text="For example: daughter, friend, nurse."
    )
    contact_by = forms.ChoiceField(
        label="How should we reach you?",
        choices=ContactBy,
        widget=forms.RadioSelect,
        help_text="We use the way you like best.",
        error_messages={"required": "Choose how we should reach you"},
    )
    phone = forms.CharField(
        label="Phone number",
        max_length=40,
        required=False,
        help_text="Needed for a call or a text. Any way of writing it is fine.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    may_leave_message = forms.ChoiceField(
        label="May we leave a message on this phone?",
        choices=[("yes", "Yes"), ("no", "No")],
        widget=forms.RadioSelect,
        required=False,
        help_text="If you do not choose, we leave none. Others may hear it.",
    )
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        required=False,
        help_text="Needed if we should write. E-mail is not fully private.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": "Enter an e-mail address like name@mail.example"},
    )
    best_times = forms.MultipleChoiceField(
        label="When is a good time?",
        choices=[("morning", "Morning"), ("midday", "Midday"), ("afternoon", "Afternoon"), ("any", "Any time")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="So we do not miss you.",
    )
    concerns = forms.MultipleChoiceField(
        label="What bothers you most?",
        choices=Concern,
        widget=forms.CheckboxSelectMultiple,
        help_text=f"Choose up to {MOST_CONCERNS}. It helps us plan the right visit.",
        error_messages={
            "required": "Choose at least one. “I do not know where to start” is fine",
            "invalid_choice": "Choose from the list",
        },
    )
    interests = forms.MultipleChoiceField(
        label="Is there a treatment you want to ask about?",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="So we talk about what matters to you. Leave it empty if you have none in mind.",
        error_messages={"invalid_choice": "Choose from the list"},
    )
    needs = forms.CharField(
        label="Language, interpreter or access needs",
        max_length=200,
        required=False,
        help_text="For example: Spanish interpreter, wheelchair, large print, cannot sit long.",
    )
    message = LinesField(
        label="Anything else we should know",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Up to 300 characters, in your own words. Please no urgent news: nobody watches this form "
        "around the clock.",
        error_messages={"max_length": "Shorten this to 300 characters. It has %(show_value)d now"},
    )
    consent = forms.BooleanField(
        label="You may store this request and contact me about it",
        error_messages={"required": "Tick the box so that we may store your request and answer you"},
    )
    text_consent = forms.BooleanField(
        label="You may send me text messages", required=False, help_text="Only needed if you chose a text message."
    )

    def __init__(self, *args, library, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["interests"].choices = [
            *((family.slug, family.short_name) for family in library.families),
            (NOT_SURE, "I am not sure"),
        ]
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput | forms.EmailInput | forms.Textarea):
                field.widget.attrs["class"] = "in"
        self.helper = FormHelper()
        self.helper.attrs = {"novalidate": ""}
        self.helper.layout = Layout(
            "submission_key",
            Fieldset(
                "First: is it safe to wait for an answer?",
                HTML("{% include 'appointments/warning_signs.html' %}"),
                "safe",
            ),
            Fieldset("Who it is about", "for_whom", "name", Div("helper_name", "helper_relation", css_class="pair")),
            Fieldset("How we reach you", "contact_by", "phone", "may_leave_message", "email", "best_times", "needs"),
            Fieldset("What it is about", "concerns", "interests", "message"),
            Fieldset("Your consent", HTML("{% include 'appointments/consent.html' %}"), "consent", "text_consent"),
            Submit("", "Send my request"),
        )

    @property
    def error_count(self):
        return sum(len(errors) for errors in self.errors.values())

    @classmethod
    def blank(cls, library, interest=None):
        """Return an empty form; `interest` is the family the person was reading about, which they can clear."""
        known = {family.slug for family in library.families}
        return cls(
            library=library,
            initial={"submission_key": uuid.uuid4(), "interests": [interest] if interest in known else []},
        )

    def clean_phone(self):
        typed = self.cleaned_data["phone"]
        if typed and phone.parse(typed) is None:
            raise forms.ValidationError("Enter a phone number with its area code, like (555) 010-0100")
        return phone.parse(typed) if typed else ""

    def clean_concerns(self):
        chosen = self.cleaned_data["concerns"]
        if len(chosen) > MOST_CONCERNS:
            raise forms.ValidationError(f"Choose the {MOST_CONCERNS} that bother you most. You chose {len(chosen)}")
        return chosen

    def clean(self):
        answers = super().clean()
        way = answers.get("contact_by")

        def require(field, message):
            if not answers.get(field) and field not in self.errors:
                self.add_error(field, message)

        if answers.get("for_whom") == ForWhom.OTHER:
            require("helper_name", "Enter your own name, because you are asking for someone else")
        if way in (ContactBy.PHONE, ContactBy.TEXT):
            require("phone", "Enter a phone number, because you chose a call or a text")
        if way == ContactBy.TEXT:
            require("text_consent", "Tick the box to get text messages, or choose another way to be reached")
        if way == ContactBy.EMAIL:
            require("email", "Enter an e-mail address, because you chose e-mail")
        return answers

    def answers(self) -> dict:
        """The checked answers as values of EvaluationRequest's fields."""
        answers = {
            name: value for name, value in self.cleaned_data.items() if name not in ("safe", "consent", "text_consent")
        }
        return answers | {"may_leave_message": answers["may_leave_message"] == "yes"}
