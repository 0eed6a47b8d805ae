"""Staff accounts. Patients have none."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A member of staff."""

    must_change_password = models.BooleanField(
        "password is for one sign-in only",
        default=False,
        help_text="Asks for a new password at the next sign-in, before anything else can be opened.",
    )

    class Meta:
        verbose_name = "staff account"

    def set_password(self, raw_password):
        """Set a password of the user's own choice, which ends the life of a one-time password."""
        super().set_password(raw_password)
        self.must_change_password = False
