"""Rules for passwords beside those that Django has: NIST SP 800-63B, section 5.1.1.2."""

import re
from itertools import pairwise

from django.core.exceptions import ValidationError

LONGEST = 1024
"""Characters; a limit only because a megabyte takes long to hash."""
WORDS = ("medici", "orthopaedic", "orthopedic", "spine", "fusion", "clinic", "password", "welcome", "manager", "doctor")
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


class RowValidator:
    """A password is more than one sign again and again, or signs in a row, such as “123456789012”."""

    MOST = 0.7
    """Of all steps from one sign to the next, those that are none, or one forward or back."""

    def validate(self, password, user=None):
        steps = [ord(after) - ord(before) for before, after in pairwise(password)]
        in_a_row = sum(step in (-9, -1, 0, 1, 9) for step in steps)  # 9: from 9 to 0
        if len(set(password)) < 5 or in_a_row > self.MOST * len(steps):
            raise ValidationError("This is a row of signs, which is easy to guess. Use words of your own.")

    def get_help_text(self):
        return "Signs in a row, such as 123456, do not make a password."


class LongestPasswordValidator:
    def validate(self, password, user=None):
        if len(password) > LONGEST:
            raise ValidationError(f"A password can have {LONGEST} characters.")

    def get_help_text(self):
        return ""
