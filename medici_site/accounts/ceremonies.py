"""The use of a passkey: what the browser signs is good for one page, one person and five minutes.

allauth keeps one challenge in the session, whoever asked for it. Without this, one that asks for a mere touch on one
page could be answered on another, where the same touch means more.
"""

import json
import struct
import time

from allauth.mfa.webauthn.forms import LoginWebAuthnForm
from allauth.mfa.webauthn.internal import auth
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

BEGUN = "passkey ceremony"
"""Where the session keeps which page the present challenge was made for, for whom, and when."""
VALID_FOR = 5 * 60  # seconds
NONSENSE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, struct.error)
"""What the parsers of fido2 raise when a stranger sends something else than the answer of a passkey."""


class Ceremony:
    """A page of allauth on which a passkey is used."""

    purpose, answer = "", AuthenticationResponse

    def dispatch(self, request, *args, **kwargs):
        if "credential" in request.POST and not self._is_readable(request.POST["credential"]):
            request.POST = request.POST.copy()
            request.POST["credential"] = ""  # which allauth refuses; of some nonsense it would stumble
        return super().dispatch(request, *args, **kwargs)

    def _is_readable(self, credential) -> bool:
        try:
            answer = json.loads(credential)
            self.answer.from_dict(answer)
            return self.answer is RegistrationResponse or isinstance(answer["response"].get("userHandle", ""), str)
        except NONSENSE:
            return False

    def person(self) -> int | None:
        """Return the id of the account whose passkey is used; None where the passkey says whose it is."""
        return self.request.user.pk

    def begin(self) -> None:
        """Bind the challenge that allauth has just made to this page."""
        self.request.session[BEGUN] = [self.purpose, self.person(), time.time()]

    def get_context_data(self, **kwargs):
        found = super().get_context_data(**kwargs)
        self.begin()
        return found

    def post(self, request, *args, **kwargs):
        *whose, at = request.session.pop(BEGUN, ["", None, 0])
        if whose != [self.purpose, self.person()] or not 0 <= time.time() - at <= VALID_FOR:
            auth.clear_state()  # then no answer is right
        return super().post(request, *args, **kwargs)


class PasskeySignInForm(LoginWebAuthnForm):
    """A passkey that stands for the password and the second factor at once: it has to have seen a finger or a PIN."""

    def clean_credential(self):
        answer = auth.parse_authentication_response(self.cleaned_data["credential"])
        passkey = super().clean_credential()
        verified = answer.response.authenticator_data.is_user_verified()
        if not (verified and passkey.wrap().authenticator_data.is_user_verified()):
            raise auth.get_adapter().validation_error("incorrect_code")
        return passkey
