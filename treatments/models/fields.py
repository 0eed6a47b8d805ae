"""Kinds of words: prose in the small text format, lists of short texts, and lists of addresses on this site."""

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst

from treatments import prose
from treatments.widgets import ItemsWidget, PlainWidget, ProseWidget


def validate_prose(text):
    """Refuse the two lines that content files use to tell texts and records apart, and links to odd places."""
    for address in prose.links(text):
        if not prose.may_link(address):
            raise ValidationError(
                f"The link to “{address}” cannot be used. Start it with / for a page of this site, "
                "with https:// for another site, or with tel: or mailto:."
            )
    for line in text.split("\n"):
        if line.startswith("# ") or line == "---":
            raise ValidationError(f"A line cannot be “{line[:40]}”. Start a heading with two signs: ## Heading.")


class ProseField(models.TextField):
    """Text in the small format of content/README.md: paragraphs, headings, lists, bold, links, notes.

    A field that pages show as one paragraph, or as bare words, says so by its `widget`.
    """

    default_validators = [validate_prose]

    def __init__(self, *args, widget=ProseWidget, **kwargs):
        self.widget = widget
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs):
        # The admin has a widget for all long texts, which would win otherwise.
        return super().formfield(**kwargs | {"widget": self.widget})

    def to_python(self, value):
        value = super().to_python(value)
        # One spelling of the same words, so that a change of line ends is not a change of the text.
        lines = (value or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return value and "\n".join(line.rstrip() for line in lines).strip()


class ItemsFormField(forms.CharField):
    """A text in which every line is one item."""

    def to_python(self, value):
        return [line.strip() for line in super().to_python(value).splitlines() if line.strip()]

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial, data):
        return self.to_python(data) != (initial or [])


class ItemsField(ArrayField):
    """A list of short texts. `item_choices` limits what an item may be. Items that are checked are bare words."""

    def __init__(
        self, verbose_name=None, *, base_field=None, item_choices=None, item_validators=(), widget=None, **kwargs
    ):
        self.item_choices = item_choices
        self.widget = widget or (PlainWidget if item_validators else ItemsWidget)
        base_field = base_field or models.TextField(choices=item_choices, validators=[validate_prose, *item_validators])
        kwargs.setdefault("default", list)
        super().__init__(base_field, verbose_name=verbose_name, **kwargs)

    def formfield(self, **kwargs):
        if self.item_choices:
            return forms.TypedMultipleChoiceField(
                choices=self.item_choices,
                label=capfirst(self.verbose_name),
                help_text=self.help_text,
                required=not self.blank,
                widget=forms.CheckboxSelectMultiple,
            )
        # ArrayField would make a comma-separated line of it; sentences have commas of their own.
        return super(ArrayField, self).formfield(**kwargs | {"form_class": ItemsFormField, "widget": self.widget})


def validate_address(address):
    """Refuse what is no address on this site. Whether a page is there is looked at on import and before publishing."""
    if not prose.may_link(address) or not address.startswith("/") or " " in address:
        raise ValidationError(f"“{address}” is no address of this site. Write, for example, /treatments/hbot/.")


class AddressesField(ItemsField):
    """A list of pages of this site, or of places on them, by their addresses."""

    def __init__(self, verbose_name=None, **kwargs):
        kwargs.setdefault("base_field", models.TextField(validators=[validate_address]))
        kwargs.setdefault("widget", PlainWidget)
        super().__init__(verbose_name, **kwargs)
