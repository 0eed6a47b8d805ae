"""How often something was read or asked for: totals of a day, without people."""

from django.db import models


class DailyCount(models.Model):
    """How often one thing happened on one day. There is no row, field or time for whoever did it."""

    class Subject(models.TextChoices):
        PAGE = "page", "Pages read"
        COMPARISON = "comparison", "Comparisons"
        ANSWER = "answer", "Answers in the finder"
        MISSED = "missed", "Searches without result"

    day = models.DateField(help_text="At the clinic.")
    subject = models.CharField(max_length=10, choices=Subject)
    name = models.CharField(
        max_length=200, blank=True, help_text="Addresses of content, or the keyed hash of what was searched for."
    )
    words = models.CharField(
        max_length=60, blank=True, help_text="What was searched for, once enough people have searched for it."
    )
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="count_once_a_day", fields=["subject", "name", "day"])]

    def __str__(self):
        return f"{self.get_subject_display()} on {self.day}: {self.count}"
