"""The forms that patients meet: one question a page, and the check for warning signs that stands before questions."""

from itertools import zip_longest

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms

from treatments import finder
from treatments.models import WarningSign

OWN_WORDS = (forms.TextInput, forms.Textarea)
"""Controls into which people write. A TextInput with a `type` of its own, such as tel, takes something else."""

SECONDS_A_PAGE = 25
"""What somebody who reads slowly takes for a page with a question or two."""


def minutes(pages: int) -> int:
    """Return in about how many minutes so many pages with questions are answered."""
    return max(1, round(pages * SECONDS_A_PAGE / 60))


class LinkableField(forms.BoundField):
    """A field that says which control an error in the summary should lead to."""

    @property
    def first_control_id(self):
        return self.subwidgets[0].id_for_label if self.use_fieldset else self.id_for_label


class QuestionForm(forms.Form):
    """What all pages with questions share."""

    bound_field_class = LinkableField
    # The browser's own bubbles cannot be read at leisure; our errors stay on the page.
    use_required_attribute = False
    button = "Continue"
    lone = ""
    """The field whose question is the heading of the page, where there is only one question."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput | forms.EmailInput | forms.Textarea | forms.Select):
                field.widget.attrs["class"] = "in"
                # A browser would cut off what is too long without a word; our error says so.
                field.widget.attrs.pop("maxlength", None)
        self.helper = FormHelper()
        self.helper.attrs = {"novalidate": ""}
        self.helper.add_input(Submit("", self.button))

    @property
    def error_count(self):
        return sum(len(errors) for errors in self.errors.values())

    @property
    def in_own_words(self):
        """What was typed into fields that take any words, by field, as it was typed."""
        fields = (name for name, field in self.fields.items() if isinstance(field.widget, OWN_WORDS))
        return {name: self[name].value() or "" for name in fields if not self.fields[name].widget.attrs.get("type")}

    def need(self, field, message):
        """Say what is missing in a field, unless something else is wrong with it already."""
        if not self.cleaned_data.get(field) and field not in self.errors:
            self.add_error(field, message)
            self.fields[field].required = True  # beside the error, the page must not call it optional


class WarningSignsForm(QuestionForm):
    """Warning signs, as the clinic's own records ask for them. What is chosen here is stored nowhere."""

    lone = "signs"
    NONE = "none"
    ASKED = {
        WarningSign.Clock.DAYS: "New or getting worse in the last few days",
        WarningSign.Clock.EVER: "Or at any time",
    }
    """What is asked of the signs with each clock."""
    STOPS = {WarningSign.Level.CALL_911, WarningSign.Level.ER}
    SAME_DAY = {WarningSign.Level.CRISIS_LINE, WarningSign.Level.SAME_DAY}

    signs = forms.MultipleChoiceField(
        label="Is any of this happening now?",
        widget=forms.CheckboxSelectMultiple,
        help_text="Why we ask: these signs cannot wait for a form. We do not keep what you choose here.",
        error_messages={
            "required": "Choose what is happening, or choose “None of these”",
            "invalid_choice": "Choose from the list",
        },
    )

    def __init__(self, *args, library, **kwargs):
        self.library = library
        super().__init__(*args, **kwargs)
        clocks, groups = WarningSign.Clock.values, WarningSign.Group.values
        signs = sorted(library.warning_signs, key=lambda sign: (clocks.index(sign.clock), groups.index(sign.group)))
        self.fields["signs"].choices = [*((sign.slug, sign) for sign in signs), (self.NONE, "None of these")]

    @property
    def questions(self):
        """The questions, by the time that they are about: each has groups of signs, and each sign its control."""
        words = {sign.slug: sign for sign in self.library.warning_signs}
        questions = {}
        for option in list(self["signs"])[:-1]:
            sign = words[option.data["value"]]
            groups = questions.setdefault(self.ASKED[sign.clock], {})
            groups.setdefault(sign.get_group_display(), []).append((option, sign))
        return [(asked, list(groups.items())) for asked, groups in questions.items()]

    @property
    def way_out(self):
        """The control that says that nothing fits. Beside a sign it says nothing: the sign counts."""
        return list(self["signs"])[-1]

    @property
    def chosen(self):
        """The signs that were chosen, the most urgent first."""
        return [sign for sign in self.library.signs_by_level if sign.slug in self.cleaned_data["signs"]]

    @property
    def levels(self):
        return {sign.level for sign in self.chosen}

    @property
    def is_emergency(self) -> bool:
        """Whether help is needed now, so that nobody should be filling in a form."""
        return bool(self.levels & self.STOPS)

    @property
    def needs_same_day_call(self) -> bool:
        """Whether the clinic calls on the same day. Staff do not learn which sign it was."""
        return bool(self.levels & self.SAME_DAY)


class FinderForm(QuestionForm):
    """One question of the finder. All that can be chosen are the published rules of that question."""

    def __init__(self, *args, question, library, **kwargs):
        super().__init__(*args, **kwargs)
        self.question = self.lone = question
        self.asked, self.rules = finder.QUESTIONS[question], finder.offered(question, library)
        self.fields[question] = forms.MultipleChoiceField(
            label=self.asked.heading,
            choices=[*((rule.slug, rule.words) for rule in self.rules), (finder.NONE, finder.NONE_IN_WORDS)],
            widget=forms.CheckboxSelectMultiple,
            help_text=self.asked.hint,
            error_messages={
                "required": f"Choose what fits, or choose “{finder.NONE_IN_WORDS}”",
                "invalid_choice": "Choose from the list",
            },
        )

    def clean(self):
        chosen = self.cleaned_data.get(self.lone, [])
        if finder.NONE in chosen and len(chosen) > 1:
            self.add_error(self.lone, f"You chose something and also “{finder.NONE_IN_WORDS}”. Choose one or the other")
        elif len(chosen) > self.asked.most:
            self.add_error(self.lone, f"Choose the {self.asked.most} that bother you most. You chose {len(chosen)}")

    @property
    def options(self):
        """Each control with the rule that it stands for; the way out stands for none."""
        return zip_longest(self[self.lone], self.rules)
