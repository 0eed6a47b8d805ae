"""Phone numbers as people type them."""

import phonenumbers

REGION = "US"


def parse(text: str) -> str | None:
    """Return the number in international form, for example +15550100100, or None when it cannot be one.

    Only the length is checked, area code included. Whether a number is in use is for the person who dials
    it, and refusing a real one would lose a patient. An extension is kept after ";ext=".
    """
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.RFC3966)
    return written.removeprefix("tel:").replace("-", "")


def display(number: str) -> str:
    """Return a number from `parse` as Americans write it, or as it is when it cannot be read."""
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return number
    home = parsed.country_code == 1
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)
