"""Staff accounts. Patients have none."""

import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A member of staff."""

    must_change_password = models.BooleanField(
        "password is for one sign-in only",
        default=False,
        help_text="Asks for a new password at the next sign-in, before anything else can be opened.",
    )

    credentials = models.CharField(
        max_length=150,
        blank=True,
        help_text="For medical reviewers: the title that patients see beside a review, for example MD, pain medicine.",
    )

    class Meta:
        verbose_name = "staff account"

    def set_password(self, raw_password):
        """Set a password of the user's own choice, which ends the life of a one-time password."""
        super().set_password(raw_password)
        self.must_change_password = False

    def set_one_time_password(self) -> str:
        """Set a random password that has to be changed at the next sign-in, and return it.

        It is kept nowhere in the clear.
        """
        password = secrets.token_urlsafe(12)
        self.set_password(password)
        self.must_change_password = True
        return password
