"""Rules for passwords beside those that Django has: NIST SP 800-63B, section 5.1.1.2."""

import re

from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

LONGEST = 1024
"""Characters; a limit only because a megabyte takes long to hash."""
WORDS = (
    "medici", "orthopaedic", "orthopedic", "spine", "fusion", "clinic", "password", "welcome", "manager", "doctor",
    "front", "desk", "reception", "reviewer", "editor",
)  # fmt: skip
"""What somebody who guesses would try first at this clinic, beside the names in the account."""
LEFT_AT_LEAST = 8
"""Letters and digits that a password has beside such words."""


class NewPasswordValidator:
    """A new password is a new one."""

    def validate(self, password, user=None):
        if user and user.pk and user.check_password(password):
            raise ValidationError("This is the password you have. Choose a new one.")

    def get_help_text(self):
        return "Your new password must differ from the one you have."


class ExpectedWordsValidator:
    """A password is more than words that anybody would expect here, such as “medicispine2026”."""

    def validate(self, password, user=None):
        left = password.casefold()
        for word in WORDS:
            left = left.replace(word, "")
        left = re.sub(r"(19|20)\d\d", "", left)
        if left != password.casefold() and len(re.findall(r"\w", left)) < LEFT_AT_LEAST:
            raise ValidationError("This is easy to guess for somebody who knows the clinic. Add words of your own.")

    def get_help_text(self):
        return "Words such as the clinic’s name do not make a password. Add words of your own."


class GuessableValidator:
    """A password is not among those that thieves try first: known from breaches, or rows, repeats and dates.

    zxcvbn counts the guesses that a program with lists of breached passwords, names and words needs, whichever way
    they are spelled.
    """

    LEAST = 3
    """Of four: 100 million guesses, too many for the limits of the sign-in and slow for a stolen hash."""
    READS = 72
    """Characters at the beginning; reading more would take long."""

    def validate(self, password, user=None):
        if zxcvbn(password[: self.READS])["score"] < self.LEAST:
            raise ValidationError("This is easy to guess. Use three or four words that do not belong together.")

    def get_help_text(self):
        return "Passwords that many people use, and signs in a row, such as 123456, are easy to guess."


class LongestPasswordValidator:
    def validate(self, password, user=None):
        if len(password) > LONGEST:
            raise ValidationError(f"A password can have {LONGEST} characters.")

    def get_help_text(self):
        return ""
