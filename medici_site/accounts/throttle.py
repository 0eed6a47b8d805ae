"""How often a password or a code may be tried. Guessing is slow; nobody can lock somebody else out.

Only what fails counts. What is counted for an account does not ask whether there is one, so the answers for both are
the same.
"""

import datetime
import secrets

from django.conf import settings
from django.core import signing
from django.urls import reverse

from appointments import limits
from appointments.limits import Limit
from medici_site.models import User

FIFTEEN_MINUTES = datetime.timedelta(minutes=15)
DAY = datetime.timedelta(days=1)
PASSWORD, CODE = "password", "code"
FROM_ONE_PLACE = Limit("sign in", 5, FIFTEEN_MINUTES)
"""One account from one address, or from one browser that is known."""
FROM_ANYWHERE = {PASSWORD: Limit("sign in from anywhere", 30, FIFTEEN_MINUTES), CODE: Limit("any code", 20, DAY)}
"""One account from all browsers that are not known. Six digits are few, and who tries them knows the password."""
ALL_ACCOUNTS = Limit("sign in to all", 100, FIFTEEN_MINUTES)
"""All accounts together from one address; a whole clinic may share one."""
PASSKEY = Limit("passkey", 60, FIFTEEN_MINUTES)
"""Challenges and answers of passkeys that say themselves whose they are, from one address."""
UNKNOWN = Limit("nobody's account", 1, FIFTEEN_MINUTES)
"""Lines on record about tries, from one address, that name no account of ours."""
OPEN_LINK = Limit("open invitation", 30, FIFTEEN_MINUTES)
"""Links that do not work, from one address."""

COOKIE = "known_browser"
"""Names the accounts that have signed in from a browser, each with a random number of its own. It is signed."""
MOST = 12
"""Accounts that one browser is known for."""
KNOWN_FOR = 90 * 24 * 60 * 60  # seconds


def account_name(typed: str) -> str:
    """Return the user name of the account that a typed name means, as the sign-in finds it; empty for none."""
    return User.objects.filter(username__iexact=typed).values_list("username", flat=True).first() or ""


def is_over(request, what: str, username: str) -> bool:
    """Count one more try at a password or a code, and return whether that is once too often.

    A browser in which this account has signed in before has a count of its own, so that a stranger behind the same
    address, or many of them all over the world, do not keep its owner out.
    """
    counts = _counts(request, what, username)
    # Whoever is over the limit for all accounts leaves no more rows by making up names.
    if any(limit is ALL_ACCOUNTS and limits.is_reached(limit, key) for limit, key in counts):
        return True
    # In this order: what is refused for one place does not count against the account.
    return any(limits.is_over(limit, key) for limit, key in counts)


def give_back(request, what: str, username: str) -> None:
    """Take back what `is_over` counted, because it was right."""
    for limit, key in _counts(request, what, username):
        limits.give_back(limit, key)


def is_passkey_over(request) -> bool:
    """Count one more use of a passkey by somebody who is not in yet, and return whether that is once too often."""
    return limits.is_over(PASSKEY, limits.client_address(request))


def is_on_record(request) -> bool:
    """Return whether a try that names no account has put its address on record lately, and remember that it has."""
    return limits.is_over(UNKNOWN, limits.client_address(request))


def is_link_over(request) -> bool:
    """Count one more link that did not work, and return whether that is once too often."""
    return limits.is_over(OPEN_LINK, limits.client_address(request))


def remember(request, response, username: str) -> None:
    """Let this browser be known for this account from now on."""
    others = {name: number for name, number in _known(request).items() if name != username}
    known = dict(list(others.items())[1 - MOST :]) | {username: secrets.token_hex(8)}
    response.set_cookie(
        COOKIE,
        signing.dumps(known, salt=COOKIE),
        max_age=KNOWN_FOR,
        path=reverse("admin:index"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _counts(request, what, username):
    # All ways of writing a name count together.
    name, address = account_name(username) or username.casefold(), limits.client_address(request)
    if number := _known(request).get(name):
        return [(FROM_ONE_PLACE, f"{what} {name} {number}")]
    return [(FROM_ONE_PLACE, f"{what} {name} {address}"), (ALL_ACCOUNTS, address), (FROM_ANYWHERE[what], name)]


def _known(request):
    try:
        return signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return {}
