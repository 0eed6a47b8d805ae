"""What all content has in common: an address, and the memory of what was saved and imported."""

from typing import ClassVar

from django.db import models

from treatments.models.fields import ItemsField
from treatments.widgets import PlainWidget


class Content(models.Model):
    """A working copy of something the site says. Patients never read it: they read a Version of it."""

    EDITORIAL: ClassVar[frozenset[str]] = frozenset({"slug", "staff_notes"})
    """Fields that say nothing medical. All others are clinical: changing one reopens the medical review."""

    IS_MEDICAL: ClassVar[bool] = True
    """Whether a medical reviewer signs it. The clinic's own details and the names of studies are nobody's to sign."""

    SUGGESTIONS: ClassVar[frozenset[str]] = frozenset()
    """Relations that only name another page. When that one is not public, this one goes on without it."""

    UNREAD: ClassVar[frozenset[str]] = frozenset({"staff_notes"})
    """Fields with words that patients type, or that only staff read: how a health page should speak is not for them."""

    slug = models.SlugField(
        "address",
        max_length=60,
        unique=True,
        help_text="Small letters, digits and hyphens; part of the page's web address.",
        error_messages={"unique": "Another one already has this address. Choose a different one."},
    )
    staff_notes = ItemsField(
        "notes for staff",
        widget=PlainWidget,
        blank=True,
        help_text="Patients never see these. One a line. A line that begins with “Clinician:” is listed on the first "
        "page of the admin until it is deleted here.",
    )
    imported_fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    """Fingerprint of the record as it was last imported; when it differs from the row's, staff have edited it."""
    saved_version = models.PositiveIntegerField(default=0, editable=False)
    """Number of the version whose words this row holds. Zero: none yet."""
    updated_at = models.DateTimeField("last change", auto_now=True, editable=False)

    class Meta:
        abstract = True

    @classmethod
    def kind(cls) -> str:
        """The name by which versions and content files know this kind of content."""
        return cls._meta.model_name
