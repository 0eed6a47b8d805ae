"""Encryption: keys turn over, and a value that was changed or moved is refused."""

import pytest
from cryptography.exceptions import InvalidTag
from django.core.exceptions import FieldError

from appointments.encryption import decrypt, encrypt
from appointments.models import EvaluationRequest

OLD, NEW = {"old": b"a" * 32}, {"new": b"b" * 32}


def test_it_works():
    stored = encrypt("Ñuñez", "request.name")
    assert "Ñ" not in stored
    assert decrypt(stored, "request.name") == "Ñuñez"


def test_the_same_text_is_never_stored_alike():
    assert encrypt("x", "p") != encrypt("x", "p")


def test_a_new_key_takes_over_and_the_old_one_still_reads(settings):
    settings.ENCRYPTION_KEYS = OLD
    stored = encrypt("words", "p")
    settings.ENCRYPTION_KEYS = NEW | OLD
    assert decrypt(stored, "p") == "words"
    assert encrypt("words", "p").startswith("v1:new:")


def test_without_its_key_a_value_cannot_be_read(settings):
    settings.ENCRYPTION_KEYS = OLD
    stored = encrypt("words", "p")
    settings.ENCRYPTION_KEYS = NEW
    with pytest.raises(KeyError):
        decrypt(stored, "p")


def test_a_value_moved_to_another_column_is_refused():
    with pytest.raises(InvalidTag):
        decrypt(encrypt("words", "request.name"), "request.message")


def test_a_changed_value_is_refused():
    stored = encrypt("words", "p")
    swapped = stored[:-5] + ("A" if stored[-5] != "A" else "B") + stored[-4:]
    with pytest.raises(InvalidTag):
        decrypt(swapped, "p")


def test_an_encrypted_field_cannot_be_searched():
    with pytest.raises(FieldError, match="is encrypted"):
        EvaluationRequest.objects.filter(name__icontains="sample")
