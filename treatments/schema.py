"""Content as plain records: what files, versions and models have in common.

A record is a dict of plain values: text, numbers, yes or no, lists of text, ISO dates, and the addresses of
what it points to. The models are the only place that says which fields there are.
"""

import datetime
import hashlib
import json
from collections.abc import Iterator
from functools import cache

from django.core.exceptions import FieldDoesNotExist
from django.core.files import File
from django.db import models
from django.utils.html import format_html, format_html_join, linebreaks
from django.utils.safestring import mark_safe
from django.utils.text import capfirst

from treatments import prose
from treatments.models import CONTENT_MODELS, Content
from treatments.models.fields import AddressesField, ItemsField, ProseField

KINDS: dict[str, type[Content]] = {model._meta.model_name: model for model in CONTENT_MODELS}

STAFF_ONLY = "staff_notes"
"""The field that patients never read. `public` takes it out of a record before anything else sees the words."""


@cache
def fields(model: type[Content]) -> tuple[models.Field, ...]:
    """The fields whose values make up a record: all that are edited, without the address."""
    own = (field for field in model._meta.fields if field.editable and not field.primary_key)
    words = (field for field in own if field.name not in ("slug", STAFF_ONLY))
    return (*words, *model._meta.many_to_many, model._meta.get_field(STAFF_ONLY))


def label(field: models.Field) -> str:
    """The name of a field in files and messages."""
    return capfirst(str(field.verbose_name))


def is_text(field: models.Field) -> bool:
    """Whether a field is a longer text with a heading of its own in a file, rather than a line `Name: value`."""
    return isinstance(field, ProseField) or (isinstance(field, ItemsField) and not field.item_choices)


def is_required(field: models.Field) -> bool:
    return (not field.blank and not field.has_default()) or (isinstance(field, ItemsField) and not field.blank)


def with_relations(contents: models.Manager) -> models.QuerySet:
    """Return content with all that its records name, so that `to_record` needs no further query."""
    relations = [field for field in fields(contents.model) if field.is_relation]
    return contents.select_related(*(field.name for field in relations if field.many_to_one)).prefetch_related(
        *(field.name for field in relations if field.many_to_many)
    )


def to_record(instance: Content) -> dict:
    """Return what an instance says. Costs a query for each many-to-many field, unless they are there already."""
    record = {"slug": instance.slug}
    for field in fields(type(instance)):
        value = getattr(instance, field.name)
        record[field.name] = plain_value(value.all() if field.many_to_many else value)
        if field.many_to_one and value is None:
            record[field.name] = ""
    return record


def plain_value(value):
    """Return a value of a field or a form as it stands in a record."""
    if isinstance(value, Content):
        return value.slug
    if isinstance(value, models.QuerySet):
        return sorted(one.slug for one in value)
    if isinstance(value, File):
        return (value.name or "").rpartition("/")[2]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def links(content: Content) -> Iterator[str]:
    """Yield every address that some content leads to: in its texts, and by name."""
    return (address for field in fields(type(content)) for address in links_of(field, getattr(content, field.name)))


def links_of(field: models.Field, value) -> Iterator[str]:
    """Yield the addresses that the plain value of a field leads to."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(field, AddressesField):
            yield text
        elif isinstance(text, str):
            yield from prose.links(text)


def as_text(model: type[Content], name: str, value) -> str:
    """Return the value of a field as staff would say it: choices and content by their names, one item a line.

    Costs a query for a field that points to other content.
    """
    if value in (None, "", []):
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    field = model._meta.get_field(name)
    values = value if isinstance(value, list) else [value]
    if field.is_relation:
        choices = {one.slug: one for one in field.related_model.objects.filter(slug__in=values)}
    else:
        choices = dict(getattr(field, "item_choices", None) or field.flatchoices or ())
    return "\n".join(str(choices.get(one, one)) for one in values)


def as_html(model: type[Content], name: str, value) -> str:
    """Return the value of a field as patients would read it, for those who read a version."""
    field = model._meta.get_field(name)
    if isinstance(field, ProseField) and value:
        return prose.render(value)
    if isinstance(field, ItemsField) and not field.item_choices:
        items = ((prose.render_inline(item),) for item in value or [])
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", items)) if value else ""
    text = as_text(model, name, value)
    return mark_safe(linebreaks(text, autoescape=True)) if text else ""  # noqa: S308 - escaped


def public(record: dict) -> dict:
    """Return a record without what only staff may read."""
    return {name: value for name, value in record.items() if name != STAFF_ONLY}


def from_record(model: type[Content], record: dict) -> Content:
    """Return an unsaved instance with the plain values of a record; what it points to is left out."""
    values = {"slug": record["slug"]}
    for name, value in record.items():
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            continue  # a version may be older than the removal of a field
        if field.is_relation or name == "slug":
            continue
        if isinstance(field, models.FileField) and value:
            value = f"{field.upload_to}{value}"
        values[name] = field.to_python(value) if not isinstance(field, ItemsField) else list(value)
    return model(**values)


def clinical_fingerprint(kind: str, record: dict) -> str:
    """Return a short proof of the medical words of a record: what a reviewer signs."""
    return fingerprint({name: value for name, value in record.items() if name not in KINDS[kind].EDITORIAL})


def fingerprint(record: dict) -> str:
    """Return a short proof of the exact words of a record.

    What is empty does not count, so that a field added later changes no fingerprint by being empty.
    """
    record = {name: value for name, value in record.items() if value not in ("", None, [], False)}
    return hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
