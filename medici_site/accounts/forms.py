"""What people type to come in: the forms of allauth and Django, with our words and one rule more."""

import re

from allauth.account.forms import LoginForm, ReauthenticateForm
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.contrib.auth.forms import SetPasswordForm
from django.core.cache import cache


class Plain:
    """Errors stay on the page, which the browser's own bubbles do not; labels end as they are written."""

    use_required_attribute = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)  # it goes away when one types, as no label may
            field.widget.attrs.pop("maxlength", None)  # the browser would cut off the rest without a word


class SignInForm(Plain, LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "User name"
        self.fields["login"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        self.fields["password"].help_text = ""


class PasswordAgainForm(Plain, ReauthenticateForm):
    pass


class Code(Plain):
    label = "Code from your authenticator app, or a recovery code"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].label = self.label
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autofocus": True}


class OnceOnly(Code):
    def clean_code(self):
        """Refuse a code that was used, for as long as it would be right: allauth remembers it for one period only."""
        code = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP:
            key = f"used_code:{self.user.pk}:{re.sub('[^0-9]', '', code)}"
            if not cache.add(key, True, app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)):
                raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(OnceOnly, mfa.AuthenticateForm):
    pass


class CodeAgainForm(OnceOnly, mfa.ReauthenticateForm):
    pass


class FirstCodeForm(Code, ActivateTOTPForm):
    label = "The six digits that the app shows now"


class FirstPasswordForm(Plain, SetPasswordForm):
    """A password of one's own, typed twice."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = "Choose a password"
        self.fields["new_password1"].help_text = (
            "12 characters or more. Three or four words that do not belong together are easy to keep in mind, and hard "
            "to guess. No digits or signs are needed."
        )
        self.fields["new_password2"].label = "Type it once more"
        self.fields["new_password2"].help_text = ""

    def validate_password_for_user(self, user, *place):
        # Said beside the field that is wrong; Django says it beside the second one.
        super().validate_password_for_user(user, "new_password1")
