"""Counting how often something was done, without keeping who did it."""

from django.db import models


class Tally(models.Model):
    """How often one thing happened in one stretch of time. `bucket` is a keyed hash: no address can be read from it."""

    bucket = models.CharField(max_length=64)
    window = models.DateTimeField(db_index=True)
    """When the stretch of time began."""
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(name="tally_unique", fields=["bucket", "window"])]

    def __str__(self):
        return f"{self.count} since {self.window}"
