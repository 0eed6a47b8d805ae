"""How far somebody has come in, and what is open to them there: one table, which the middleware asks for every page.

A page that the table does not name, which is nearly all of the admin, is open to those alone who are all the way in.
"""

import enum

from allauth.account.stages import LoginStageController
from allauth.mfa.stages import AuthenticateStage

from medici_site.accounts import sessions
from medici_site.accounts.adapters import second_factors


class State(enum.Enum):
    """How far a sign-in has come. The comments say how long a state lasts at most."""

    OUT = enum.auto()
    HALFWAY = enum.auto()  # the password was right, the second factor is awaited: 15 minutes (ACCOUNT_LOGIN_TIMEOUT)
    BARE = enum.auto()  # in, by an account that has no second factor yet: as long as a session
    LAPSED = enum.auto()  # BARE, until somebody added one in another session: this one ends with its next page
    IN = enum.auto()  # the second factor was given in this session: as long as a session


def of(request) -> State:
    """Return how far the session of a web request has come. Asks the database, so that another session counts."""
    if not request.user.is_authenticated:
        is_halfway = LoginStageController.enter(request, AuthenticateStage.key)
        return State.HALFWAY if is_halfway else State.OUT
    if request.session.get(sessions.SECOND_FACTOR):
        return State.IN
    return State.LAPSED if second_factors(request.user).exists() else State.BARE


ANYBODY = frozenset(State)
NOT_IN_YET = frozenset({State.OUT, State.HALFWAY})
OPEN: dict[str, frozenset[State]] = {
    # Coming in
    "account_login": ANYBODY - {State.IN},
    "login": ANYBODY - {State.IN},
    "start_again": ANYBODY,
    "open_invitation": ANYBODY,  # it signs out whoever is in
    "invitation": NOT_IN_YET,
    "mfa_authenticate": frozenset({State.HALFWAY}),
    "mfa_login_webauthn": NOT_IN_YET,
    "account_inactive": ANYBODY,
    # Going out, and what pages ask by themselves; both see for themselves who asks
    "logout": ANYBODY,
    "session": ANYBODY,
    "keep_form": ANYBODY,
    # The first second factor, with what its page loads, and the password again where that one took long. All other
    # ways to prove who one is, and all other changes of an account, are for those who are in.
    "mfa_activate_totp": frozenset({State.BARE, State.IN}),
    "mfa_add_webauthn": frozenset({State.BARE, State.IN}),
    "account_reauthenticate": frozenset({State.BARE, State.IN}),
    "jsi18n": frozenset({State.BARE, State.IN}),
}
"""Names of pages of the admin, and the states in which they are open."""


def is_open(name: str | None, state: State) -> bool:
    """Return whether the page of this name is open in a state."""
    return state in OPEN.get(name or "", frozenset({State.IN}))
