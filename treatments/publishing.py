"""Publishing: the one way in which words reach patients."""

from django.db import transaction
from django.db.models import Max

from treatments import schema
from treatments.models import Content, Version


def published_version(instance: Content) -> Version | None:
    """Return the version of this content that patients read, if there is one."""
    return Version.objects.filter(
        kind=instance._meta.model_name, content_id=instance.pk, state=Version.State.PUBLISHED
    ).first()


def is_changed(instance: Content) -> bool:
    """Whether the working copy says something else than what patients read."""
    current = published_version(instance)
    return current is None or schema.fingerprint(current.record) != schema.fingerprint(schema.to_record(instance))


@transaction.atomic
def publish(instance: Content, *, by=None, reason: str) -> Version:
    """Make the present words of the working copy what patients read, and return the new version.

    `by` is the staff member, or None for words that came from the content files. Publishing the same words
    again changes nothing and returns the version that is there.
    """
    # Two people may publish the same page at once; the second waits and gets the next number.
    # The row stays open to others who only point to it.
    type(instance).objects.select_for_update(no_key=True).get(pk=instance.pk)
    record = schema.to_record(instance)
    current = published_version(instance)
    if current and schema.fingerprint(current.record) == schema.fingerprint(record):
        return current
    versions = Version.objects.filter(kind=instance._meta.model_name, content_id=instance.pk)
    versions.filter(state=Version.State.PUBLISHED).update(state=Version.State.REPLACED)
    return Version.objects.create(
        kind=instance._meta.model_name,
        content_id=instance.pk,
        number=(versions.aggregate(last=Max("number"))["last"] or 0) + 1,
        record=record,
        published_by=by,
        reason=reason,
    )
