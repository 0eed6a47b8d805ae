"""A rule for passwords beside those that Django has."""

from django.core.exceptions import ValidationError


class NewPasswordValidator:
    """A new password is a new one: a one-time password that could be kept would have been printed for good."""

    def validate(self, password, user=None):
        if user and user.pk and user.check_password(password):
            raise ValidationError("This is the password you have. Choose a new one.")

    def get_help_text(self):
        return "Your new password must differ from the one you have."
