"""The questions, one topic a page: their words, why we ask, and the words for every error.

Left out on purpose: date of birth, address, insurance number, medicines and doses, history of mental health. A field
has the name of the field of EvaluationRequest that it fills.
"""

import datetime
from typing import ClassVar

from django import forms
from django.contrib.humanize.templatetags.humanize import apnumber

from appointments import choices, email_hint, references
from appointments.models import EvaluationRequest
from treatments import phone
from treatments.forms import QuestionForm, WarningSignsForm

ForWhom, ContactBy = EvaluationRequest.ForWhom, EvaluationRequest.ContactBy
MOST_CONCERNS = 5
EARLIEST_FUSION = 1960
PHONE_ERROR = "Enter a phone number with its area code, like (555) 010-0100"


class LinesField(forms.CharField):
    """Several lines of text. A browser sends two characters for each line end; people count one."""

    widget = forms.Textarea

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n")


class PhoneField(forms.CharField):
    """A phone number, written in any way; what it gives is the international form."""

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})

    def clean(self, value):
        typed = super().clean(value)
        if typed and phone.parse(typed) is None:
            raise forms.ValidationError(PHONE_ERROR)
        return phone.parse(typed) if typed else ""

    def prepare_value(self, value):
        return phone.display(value) if value and value.startswith("+") else value


class StepForm(QuestionForm):
    """One step of a request. `answers` are the answers of all steps so far, by field."""

    slug: str
    heading: str
    note = ""
    """A template with what stands beside the questions."""

    for_other: ClassVar[dict[str, str]] = {}
    """What is said otherwise to somebody who asks for another person: the questions by field, and the heading."""

    def __init__(self, *args, library, answers=None, **kwargs):
        self.library, self.known = library, answers or {}
        super().__init__(*args, **kwargs)
        if self.known.get("for_whom") == ForWhom.OTHER:
            for name, words in self.for_other.items():
                if name == "heading":
                    self.heading = words
                else:
                    self.fields[name].label = words

    def values(self) -> dict:
        """The checked answers as values of EvaluationRequest's fields. They are plain, so a draft can hold them."""
        return dict(self.cleaned_data)

    def in_words(self) -> list[tuple[str, str]]:
        """The checked answers as a person reads them: the question, and what was answered, or nothing."""
        return [(field.label, self._word(name, field)) for name, field in self.fields.items()]

    def _word(self, name, field):
        value = self.cleaned_data.get(name)
        if isinstance(field, PhoneField) and value:
            return phone.display(value)
        if isinstance(field, forms.BooleanField):
            return "Yes" if value else "No"
        if isinstance(field, forms.ChoiceField):
            labels = {str(key): label for key, label in field.choices}
            chosen = value if isinstance(value, list) else [value] if value else []
            return "\n".join(str(labels[one]) for one in chosen)
        return value or ""


class WhoForm(StepForm):
    slug, heading = "who", "Who is this request for?"

    for_whom = forms.ChoiceField(
        label="This request is for",
        choices=ForWhom,
        widget=forms.RadioSelect,
        help_text="Why we ask: children need another service. Helpers are welcome.",
        error_messages={"required": "Choose who the request is for"},
    )
    name = forms.CharField(
        label="Name of the person in pain",
        max_length=120,
        help_text="Why we ask: so we know who to ask for.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter a name"},
    )
    helper_name = forms.CharField(
        label="Your name, if you ask for someone else",
        max_length=120,
        required=False,
        help_text="Why we ask: so we speak with the right person.",
    )
    helper_relation = forms.CharField(
        label="How you know them",
        max_length=60,
        required=False,
        help_text="For example: daughter, friend, nurse. Why we ask: so we know whose words we read.",
    )

    def clean(self):
        answers = super().clean()
        if answers.get("for_whom") == ForWhom.OTHER:
            self.need("helper_name", "Enter your own name, because you are asking for someone else")
        return answers


class ContactForm(QuestionForm):
    """How somebody wants to be reached."""

    contact_by = forms.ChoiceField(
        label="What do you like best?",
        choices=ContactBy,
        widget=forms.RadioSelect,
        help_text="Why we ask: we use the way you like best.",
        error_messages={"required": "Choose how we should reach you"},
    )
    phone = PhoneField(
        label="Phone number",
        max_length=40,
        required=False,
        help_text="Why we ask: to call you back. We need it for a call or a text. Write it in any way.",
    )
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        required=False,
        help_text="Why we ask: to write to you, and to send you your reference. "
        "E-mail is not fully private, so we put nothing about your health in it.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": "Enter an e-mail address like name@mail.example"},
    )
    may_text = forms.BooleanField(
        label="You may send me text messages",
        required=False,
        help_text="Why we ask: texts need your own OK. Others may see them on your phone.",
    )

    def clean(self):
        answers = super().clean()
        way = answers.get("contact_by")
        if way in (ContactBy.PHONE, ContactBy.TEXT):
            self.need("phone", "Enter a phone number, because you chose a call or a text")
        if way == ContactBy.TEXT:
            self.need("may_text", "Tick the box to get text messages, or choose another way to be reached")
        if way == ContactBy.EMAIL:
            self.need("email", "Enter an e-mail address, because you chose e-mail")
        return answers


class ReachForm(ContactForm, StepForm):
    slug, heading = "reach", "How can we reach you?"

    def hint(self) -> str:
        """A better e-mail address, if this one looks like a slip of the finger. It never stops anybody."""
        return email_hint.suggestion(self.cleaned_data.get("email", ""))


class TimesForm(QuestionForm):
    """When somebody can be reached."""

    best_times = forms.MultipleChoiceField(
        label="When is a good time?",
        choices=choices.BestTime,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Why we ask: so we do not miss you.",
    )
    times_to_avoid = forms.CharField(
        label="Times or days that do not work",
        max_length=120,
        required=False,
        help_text="For example: not on Tuesdays, not before 10. Why we ask: so we do not wake or disturb you.",
    )


class SafeContactForm(TimesForm, StepForm):
    slug, heading = "safe-contact", "How can we contact you safely?"

    may_leave_message = forms.ChoiceField(
        label="May we leave a message on your phone?",
        choices=[("yes", "Yes"), ("no", "No")],
        widget=forms.RadioSelect,
        required=False,
        help_text="Why we ask: others may hear it. If you do not choose, we leave none.",
    )
    who_may_answer = forms.ChoiceField(
        label="Who may know that we are calling?",
        choices=choices.WhoMayAnswer,
        widget=forms.RadioSelect,
        required=False,
        help_text="Why we ask: to keep this between us, if you like. If you do not choose, we tell only you.",
    )
    trusted_person = forms.CharField(
        label="Name of the person we may also speak with",
        max_length=120,
        required=False,
        help_text="Why we ask: so we speak with nobody else.",
    )
    field_order = ("may_leave_message", "who_may_answer", "trusted_person", "best_times", "times_to_avoid")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.known and not self.known.get("phone"):  # nobody calls, so nobody else can answer
            for name in ("may_leave_message", "who_may_answer", "trusted_person"):
                del self.fields[name]

    def clean(self):
        answers = super().clean()
        if answers.get("who_may_answer") == choices.WhoMayAnswer.TRUSTED:
            self.need("trusted_person", "Enter the name of the person we may speak with")
        return answers

    def values(self):
        return super().values() | {"may_leave_message": self.cleaned_data.get("may_leave_message") == "yes"}


class NeedsForm(StepForm):
    slug, heading = "needs", "What would make a visit easier for you?"
    for_other: ClassVar = {"heading": "What would make a visit easier for them?"}

    access_needs = forms.MultipleChoiceField(
        label="Choose any that fit",
        choices=choices.AccessNeed,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Why we ask: to make the call and the visit work for you.",
    )
    language = forms.CharField(
        label="Language for the interpreter",
        max_length=60,
        required=False,
        help_text="For example: Spanish. Why we ask: so the right person is there when we call.",
    )
    needs = forms.CharField(
        label="Anything else that would help",
        max_length=200,
        required=False,
        help_text="Why we ask: you know best what helps.",
    )


class FusionForm(StepForm):
    slug, heading = "fusion", "Your spinal fusion"
    for_other: ClassVar = {
        "heading": "Their spinal fusion",
        "fusions": "Have they had a spinal fusion?",
        "fusion_year": "Year of their last fusion, about",
    }

    fusions = forms.ChoiceField(
        label="Have you had a spinal fusion?",
        choices=choices.Fusions,
        widget=forms.RadioSelect,
        required=False,
        help_text="Why we ask: to plan enough time.",
    )
    fusion_areas = forms.MultipleChoiceField(
        label="Which part was fused?",
        choices=choices.FusionArea,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Why we ask: to choose the right clinician.",
    )
    fusion_year = forms.ChoiceField(
        label="Year of your last fusion, about",
        required=False,
        help_text="Why we ask: it helps us ask for the right records.",
    )
    fusion_levels = forms.CharField(
        label="Levels that were fused",
        max_length=60,
        required=False,
        help_text="For example: L4-L5. If you do not know, tick the box below. Why we ask: for the right records.",
    )
    levels_unknown = forms.BooleanField(
        label="I do not know the levels",
        required=False,
        help_text="That is fine. Why we ask: so we know to look in the surgery records.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        years = range(datetime.datetime.now(datetime.UTC).year, EARLIEST_FUSION - 1, -1)
        self.fields["fusion_year"].choices = [
            ("", "Choose if you like"),
            choices.YEAR_UNKNOWN,
            *((str(year), str(year)) for year in years),
        ]

    def values(self):
        values = super().values()
        if values.pop("levels_unknown") and not values["fusion_levels"]:
            values["fusion_levels"] = "I do not know"
        return values

    def in_words(self):
        levels = self.values()["fusion_levels"]
        unknown, field = self.fields["levels_unknown"].label, self.fields["fusion_levels"].label
        return [(label, levels if label == field else word) for label, word in super().in_words() if label != unknown]


class PainForm(StepForm):
    slug, heading, lone = "pain", "What bothers you most?", "concerns"
    for_other: ClassVar = dict.fromkeys(("heading", lone), "What bothers them most?")

    concerns = forms.MultipleChoiceField(
        label=heading,
        choices=choices.Concern,
        widget=forms.CheckboxSelectMultiple,
        help_text=f"Choose up to {MOST_CONCERNS}. Why we ask: to plan the right visit.",
        error_messages={
            "required": "Choose at least one. “Something else, or not sure where to start” is fine",
            "invalid_choice": "Choose from the list",
        },
    )

    def clean_concerns(self):
        chosen = self.cleaned_data["concerns"]
        if len(chosen) > MOST_CONCERNS:
            raise forms.ValidationError(f"Choose the {MOST_CONCERNS} that matter most. You chose {len(chosen)}")
        return chosen


class TriedForm(StepForm):
    slug, heading, lone = "tried", "What have you tried?", "tried"
    for_other: ClassVar = dict.fromkeys(("heading", lone), "What have they tried?")

    tried = forms.MultipleChoiceField(
        label=heading,
        choices=choices.Tried,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Choose any. Why we ask: so we do not repeat what did not help.",
        error_messages={"invalid_choice": "Choose from the list"},
    )


class InterestsForm(StepForm):
    slug, heading, lone = "interests", "Is there a treatment you want to ask about?", "interests"

    interests = forms.MultipleChoiceField(
        label=heading,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Why we ask: so we talk about what matters most. You may leave it empty.",
        error_messages={"invalid_choice": "Choose from the list"},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["interests"].choices = [
            *((family.slug, family.short_name) for family in self.library.families),
            choices.INTEREST_NOT_SURE,
        ]


class InsuranceForm(StepForm):
    slug, heading = "insurance", "Will you use insurance?"
    for_other: ClassVar = {"heading": "Will they use insurance?"}
    note = "appointments/good_faith_estimate.html"

    insurance = forms.ChoiceField(
        label="Choose one",
        choices=choices.Insurance,
        widget=forms.RadioSelect,
        required=False,
        help_text="Why we ask: to tell you early what we can about cost.",
    )
    insurer = forms.CharField(
        label="Name of the insurance company",
        max_length=80,
        required=False,
        help_text="The name only. Please leave out the member number. "
        "Why we ask: to tell you early if we work with them.",
    )


class WordsForm(StepForm):
    slug, heading, lone = "words", "Is there anything else we should know?", "message"

    message = LinesField(
        label=heading,
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Up to 300 characters, in your own words. Please do not write anything urgent here. Call us. "
        "Why we ask: a list of boxes never tells it all.",
        error_messages={"max_length": "Shorten this to 300 characters. It has %(show_value)d now"},
    )


STEPS: list[type[StepForm]] = [
    WhoForm, ReachForm, SafeContactForm, NeedsForm, FusionForm, PainForm, TriedForm, InterestsForm, InsuranceForm,
    WordsForm,
]  # fmt: skip
STEP_BY_SLUG = {step.slug: step for step in STEPS}


class SafetyForm(WarningSignsForm):
    """The check for warning signs, which also carries what the person wants to ask about."""

    interest = forms.Field(required=False, widget=forms.MultipleHiddenInput)
    """The families of treatment that the person was reading about when they decided to ask."""

    def clean_interest(self):
        return [family.slug for family in self.library.families if family.slug in self.cleaned_data["interest"]]


class SendForm(QuestionForm):
    """The last page: consent to what the privacy notice said when the person read it."""

    button = "Send my request"

    consent = forms.BooleanField(
        label="You may store this request and contact me about it",
        error_messages={"required": "Tick the box so that we may store your request and answer you"},
    )
    privacy_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, library, **kwargs):
        self.present = library.page("privacy").linked.version
        super().__init__(*args, **({"initial": {"privacy_version": self.present}} | kwargs))
        self.helper.form_tag = False
        self.helper.inputs = []

    def clean(self):
        answers = super().clean()
        if "consent" not in self.errors and answers.get("privacy_version") != self.present:
            self.add_error("consent", "Our privacy notice has just changed. Please read it, then tick the box again")
            # The page that says so is about the present notice, and its box is empty.
            self.data = {"privacy_version": self.present}
        return answers


# -- On the page of a request that was sent -------------------------------------------------------------------------


class FindForm(QuestionForm):
    button = "Show where it stands"

    reference = forms.CharField(
        label="Your reference",
        max_length=40,
        help_text=f"{apnumber(len(references.PATTERN)).capitalize()} letters and digits, like CF4-HK7-PR. "
        "It is in our e-mail, and on the page you saw at the end.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": "Enter your reference"},
    )
    proof = forms.CharField(
        label="Last four digits of your phone number, or your e-mail address",
        max_length=254,
        help_text="As you gave it to us. It shows us that the request is yours.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Enter the last four digits of your phone number, or your e-mail address"},
    )


class ChangeContactForm(ContactForm):
    """New contact details. The old ones are not shown: whoever holds the link need not be the person."""

    button = "Save"

    def __init__(self, *args, request, **kwargs):
        self.request = request
        super().__init__(*args, **({"initial": {"contact_by": request.contact_by}} | kwargs))
        self.fields["phone"].help_text = "Leave it empty to keep the number that we have. Write it in any way."
        self.fields["email"].help_text = "Leave it empty to keep the address that we have."

    def need(self, field, message):
        if not (field in ("phone", "email") and getattr(self.request, field)):
            super().need(field, message)

    def values(self):
        """What changes: an empty phone number or address keeps the old one."""
        return {name: value for name, value in self.cleaned_data.items() if value or name not in ("phone", "email")}


class ChangeTimesForm(TimesForm):
    button = "Save"

    def values(self):
        return dict(self.cleaned_data)
