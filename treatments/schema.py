"""Content as plain records: what files, versions and models have in common.

A record is a dict of plain values: text, numbers, yes or no, lists of text, ISO dates, and the addresses of
what it points to. The models are the only place that says which fields there are.
"""

import datetime
import hashlib
import json
from functools import cache

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.text import capfirst

from treatments.models import CONTENT_MODELS, Content
from treatments.models.fields import ItemsField, ProseField

KINDS: dict[str, type[Content]] = {model._meta.model_name: model for model in CONTENT_MODELS}


@cache
def fields(model: type[Content]) -> tuple[models.Field, ...]:
    """The fields whose values make up a record: all that are edited, without the address."""
    own = (field for field in model._meta.fields if field.editable and not field.primary_key and field.name != "slug")
    return (*own, *model._meta.many_to_many)


def label(field: models.Field) -> str:
    """The name of a field in files and messages."""
    return capfirst(str(field.verbose_name))


def is_text(field: models.Field) -> bool:
    """Whether a field is a longer text with a heading of its own in a file, rather than a line `Name: value`."""
    return isinstance(field, ProseField) or (isinstance(field, ItemsField) and not field.item_choices)


def is_required(field: models.Field) -> bool:
    return (not field.blank and not field.has_default()) or (isinstance(field, ItemsField) and not field.blank)


def to_record(instance: Content) -> dict:
    """Return what an instance says. Costs a query for each many-to-many field."""
    record = {"slug": instance.slug}
    for field in fields(type(instance)):
        value = getattr(instance, field.name)
        if field.many_to_many:
            value = sorted(value.values_list("slug", flat=True))
        elif field.many_to_one:
            value = value.slug if value else ""
        elif isinstance(field, models.FileField):
            value = value.name.rpartition("/")[2]
        elif isinstance(value, datetime.date):
            value = value.isoformat()
        record[field.name] = value
    return record


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


def fingerprint(record: dict) -> str:
    """Return a short proof of the exact words of a record.

    What is empty does not count, so that a field added later changes no fingerprint by being empty.
    """
    record = {name: value for name, value in record.items() if value not in ("", None, [], False)}
    return hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
