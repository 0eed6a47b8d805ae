"""A guess at what somebody meant to type in an e-mail address."""

import difflib

# The mailboxes most people in the United States have; a slip in one of these is worth asking about.
USUAL = (
    "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "aol.com", "icloud.com", "comcast.net", "msn.com",
    "live.com", "verizon.net", "att.net", "sbcglobal.net", "bellsouth.net", "cox.net", "me.com", "protonmail.com",
)  # fmt: skip
ALIKE = 0.85
"""How alike two names must be, from 0 to 1: one wrong, missing or swapped letter in gmail.com."""


def suggestion(address: str) -> str:
    """Return the address with its likely domain, or an empty string when there is nothing to ask about."""
    name, at, domain = address.rpartition("@")
    domain = domain.lower()
    if not at or domain in USUAL:
        return ""
    likely = difflib.get_close_matches(domain, USUAL, n=1, cutoff=ALIKE)
    return f"{name}@{likely[0]}" if likely else ""
