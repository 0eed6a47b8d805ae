"""Staff accounts. Patients have none."""

import datetime
import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.signals import post_delete
from django.dispatch import receiver

from appointments.encryption import EncryptedTextField


class User(AbstractUser):
    """A member of staff."""

    credentials = models.CharField(
        max_length=150,
        blank=True,
        help_text="For medical reviewers: the title that patients see beside a review, for example MD, pain medicine.",
    )

    class Meta:
        verbose_name = "staff account"


class Invitation(models.Model):
    """A way into an account, for whoever has its link. See `accounts.invitations`."""

    VALID_FOR = datetime.timedelta(hours=72)

    account = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the token in the link."""
    until = models.DateTimeField()

    def __str__(self):
        return f"Invitation of {self.account}"


class SecondFactorSecret(models.Model):
    """The secret of an authenticator app, or of recovery codes. What allauth stores of it is the key of this row."""

    identifier = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    secret = EncryptedTextField(purpose="second factor")

    def __str__(self):
        return "Secret of a second factor"


@receiver(post_delete, sender="mfa.Authenticator")
def _forget_its_secret(instance, **kwargs):
    identifiers = [value for name, value in instance.data.items() if name in ("secret", "seed")]
    SecondFactorSecret.objects.filter(pk__in=identifiers).delete()
