"""What people type to come in: the forms of allauth and Django, with our words and our limits."""

import re

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.forms import LoginForm, ReauthenticateForm
from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.core.cache import cache

from medici_site.accounts import record, throttle


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
    """A code, which works once, and cannot be guessed for long."""

    label = "Code from your authenticator app, or a recovery code"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].label = self.label
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autofocus": True}

    def clean_code(self):
        one_try = context.request, throttle.CODE, self.user.username
        if throttle.is_over(*one_try):
            raise get_account_adapter().validation_error("too_many_login_attempts")
        # allauth remembers a code for one period only, and it is right for longer.
        used = f"used_code:{self.user.pk}:{re.sub('[^0-9]', '', self.cleaned_data['code'])}"
        if cache.get(used):
            record.not_let_in(context.request, self.user.username, "used code")
            raise get_adapter().validation_error("incorrect_code")
        code = super().clean_code()
        authenticator = getattr(self, "authenticator", None)  # none while an app is being added
        is_of_app = not authenticator or authenticator.type == Authenticator.Type.TOTP
        if is_of_app and not cache.add(used, True, app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)):
            raise get_adapter().validation_error("incorrect_code")  # somebody else was quicker
        throttle.give_back(*one_try)
        return code


class CodeForm(Code, mfa.AuthenticateForm):
    pass


class CodeAgainForm(Code, mfa.ReauthenticateForm):
    pass


class FirstCodeForm(Code, ActivateTOTPForm):
    label = "The six digits that the app shows now"


class ChosenPassword(Plain):
    """A password of one's own, typed twice."""

    label = "Choose a password"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = self.label
        self.fields["new_password1"].help_text = (
            "12 characters or more. Three or four words that do not belong together are easy to keep in mind, and hard "
            "to guess. No digits or signs are needed."
        )
        self.fields["new_password2"].label = "Type it once more"
        self.fields["new_password2"].help_text = ""

    def validate_password_for_user(self, user, *place):
        # Said beside the field that is wrong; Django says it beside the second one.
        super().validate_password_for_user(user, "new_password1")


class FirstPasswordForm(ChosenPassword, SetPasswordForm):
    pass


class OwnPasswordForm(ChosenPassword, PasswordChangeForm):
    label = "The new password"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = "The password you have now"
