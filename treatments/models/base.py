"""What all content has in common: an address, and the memory of what was imported."""

from django.db import models


class Content(models.Model):
    """A working copy of something the site says. Patients never read it: they read a Version of it."""

    slug = models.SlugField(
        "address",
        max_length=60,
        unique=True,
        help_text="Small letters, digits and hyphens; part of the page's web address.",
        error_messages={"unique": "Another one already has this address. Choose a different one."},
    )
    imported_fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    """Fingerprint of the record as it was last imported; when it differs from the row's, staff have edited it."""
    updated_at = models.DateTimeField("last change", auto_now=True, editable=False)

    class Meta:
        abstract = True
