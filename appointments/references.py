"""Reference numbers that can be read aloud over a bad line."""

import re
import secrets

# No letter or digit here looks or sounds like another one; without vowels no word can form.
LETTERS = "CFHJKPRTWXY"
DIGITS = "23479"
PATTERN = "LLDLLDLL"  # 11^6 * 5^2: 44 million references, drawn at random so that none tells of another
SHAPE = re.compile(PATTERN.replace("L", f"[{LETTERS}]").replace("D", f"[{DIGITS}]"))


def new_reference() -> str:
    """Return a random reference of eight characters, for example CF4HK7PR."""
    return "".join(secrets.choice(LETTERS if kind == "L" else DIGITS) for kind in PATTERN)


def display(reference: str) -> str:
    """Return a reference in groups as it is read aloud, for example CF4-HK7-PR."""
    return f"{reference[:3]}-{reference[3:6]}-{reference[6:]}"


def normal(typed: str) -> str:
    """Return a reference as it is stored, however it was typed: cf4 hk7 pr is CF4HK7PR."""
    return "".join(character for character in typed.upper() if character.isalnum())


def is_one(text: str) -> bool:
    """Return whether this could be a reference as it is stored."""
    return bool(SHAPE.fullmatch(text))
