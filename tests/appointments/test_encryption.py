"""Encryption: keys turn over, and a value that was changed or moved is refused."""

import pytest
from cryptography.exceptions import InvalidTag
from django.core.exceptions import FieldError
from django.db import transaction

from appointments.encryption import decrypt, encrypt, lookup_digests
from appointments.models import EvaluationRequest
from tests.factories import make_request

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


@pytest.mark.parametrize("words", ["plain words", "note: my words: and more", "v2:test:AAAA", "v1:x", "v1"])
def test_what_is_no_stored_value_is_refused_without_repeating_it(words):
    with pytest.raises(ValueError) as refused:
        decrypt(words, "p")
    assert "words" not in str(refused.value)


def test_a_lookup_is_found_under_every_key_and_says_nothing_without_them(settings):
    settings.ENCRYPTION_KEYS = OLD
    (old,) = lookup_digests("sam@mail.example", "p")
    settings.ENCRYPTION_KEYS = NEW | OLD
    new, also = lookup_digests("sam@mail.example", "p")
    assert also == old
    assert new != old
    assert lookup_digests("sam@mail.example", "q") != [new, old], "equal texts in two columns cannot be matched"
    assert lookup_digests("", "p") == []


@pytest.mark.django_db
def test_a_lookup_follows_its_column():
    request = make_request(email=" Sam@Mail.example ")
    assert EvaluationRequest.objects.from_person(email="sam@mail.example").get() == request
    request.email = "kim@mail.example"
    request.save()
    assert EvaluationRequest.objects.from_person(email="KIM@mail.example").get() == request
    assert not EvaluationRequest.objects.from_person(email="sam@mail.example").exists()
    request.email = ""
    request.save()
    assert EvaluationRequest.objects.get().email_lookup == ""


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["name", "concerns"])
def test_what_cannot_be_read_is_shown_and_never_saved_over(settings, column):
    make_request()
    settings.ENCRYPTION_KEYS = NEW
    unreadable = EvaluationRequest.objects.get()
    assert "cannot be read" in str(getattr(unreadable, column))
    with pytest.raises(TypeError, match="could not be read"), transaction.atomic():
        unreadable.save(update_fields=[column])
    lookup = unreadable.phone_lookup
    unreadable.save(update_fields=["phone_lookup"])
    assert EvaluationRequest.objects.get().phone_lookup == lookup, "an old lookup is better than a lost one"


def test_an_encrypted_field_cannot_be_searched():
    with pytest.raises(FieldError, match="is encrypted"):
        EvaluationRequest.objects.filter(name__icontains="sample")
