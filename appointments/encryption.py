"""Encryption of what patients send: AES-256-GCM, under keys that the database does not hold.

A stored value reads `v1:KEY_ID:base64(nonce + ciphertext)`. The key's identifier lets old keys go on
decrypting after a new one has taken over. The purpose of the column is authenticated with the value, so a
value that was moved to another column is refused.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import unicodedata
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Cast

NONCE_BYTES = 12  # the size that AES-GCM is specified for
CANNOT_BE_READ = (KeyError, InvalidTag, ValueError)
"""What `decrypt` raises: the key is missing; the value was changed or moved; it is no stored value at all."""


def encrypt(text: str, purpose: str) -> str:
    """Encrypt with the first key of ENCRYPTION_KEYS."""
    identifier, key = next(iter(settings.ENCRYPTION_KEYS.items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, text.encode(), purpose.encode())
    return f"v1:{identifier}:{base64.urlsafe_b64encode(sealed).decode()}"


def decrypt(stored: str, purpose: str) -> str:
    """Decrypt a stored value.

    Raises KeyError when its key is no longer in ENCRYPTION_KEYS, cryptography.exceptions.InvalidTag when it was
    changed or stands in another column than the one it was written to, and ValueError when it is no such value.
    """
    version, identifier, encoded = stored.split(":", 2)
    if version != "v1":
        # Text in the clear, put there by hand: its words must not pass for the identifier of a key.
        raise ValueError("This is not an encrypted value.")
    sealed = base64.urlsafe_b64decode(encoded)
    key = AESGCM(settings.ENCRYPTION_KEYS[identifier])
    return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode()).decode()


def is_under_present_key(stored: str) -> bool:
    """Return whether a stored value is encrypted with the first key of ENCRYPTION_KEYS."""
    return stored.startswith(f"v1:{next(iter(settings.ENCRYPTION_KEYS))}:")


def lookup_digests(text: str, purpose: str) -> list[str]:
    """Return the keyed hashes under which a text may be stored, that of the present key first; none for empty text.

    Equal texts have equal hashes, so a person can be found by phone number or e-mail address; without the keys
    nobody can try numbers against them.
    """
    message = f"lookup:{purpose}:{text}".encode()
    return [hmac.digest(key, message, hashlib.sha256).hex() for key in settings.ENCRYPTION_KEYS.values() if text]


class Unreadable(str):
    """Stands for a value that cannot be decrypted. It can be shown, and is never saved over the value."""


class EncryptedTextField(models.TextField):
    """Text that is ciphertext in the database, so it cannot be searched or sorted by. Empty text stays empty.

    `purpose` is part of the encryption: it must stay as it is when the field or the model is renamed.
    """

    def __init__(self, *args, purpose: str, **kwargs):
        self.purpose = purpose
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"purpose": self.purpose}

    def get_prep_value(self, value):
        if isinstance(value, Unreadable):
            raise TypeError(f"{self.name} could not be read, so it cannot be saved.")
        text = super().get_prep_value(value)
        return encrypt(text, self.purpose) if text else text

    def from_db_value(self, value, expression, connection):
        try:
            return decrypt(value, self.purpose) if value else value
        except KeyError as missing:
            # One request that cannot be read must not take the list of all requests with it.
            return Unreadable(f"(cannot be read: the key {missing} is not in ENCRYPTION_KEYS)")
        except (InvalidTag, ValueError):
            return Unreadable("(cannot be read: it was changed outside the website)")

    def get_lookup(self, lookup_name):
        # Only "is it empty?" can be asked: equal texts differ once encrypted.
        if lookup_name not in ("exact", "isnull"):
            raise FieldError(f"{self.name} is encrypted and has no lookup “{lookup_name}”.")
        return super().get_lookup(lookup_name)


class EncryptedJSONField(EncryptedTextField):
    """Plain values as encrypted JSON."""

    def get_prep_value(self, value):
        if any(isinstance(one, Unreadable) for one in value or ()):
            return super().get_prep_value(value[0])
        return super().get_prep_value(json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True))

    def from_db_value(self, value, expression, connection):
        text = super().from_db_value(value, expression, connection)
        return [text] if isinstance(text, Unreadable) else json.loads(text or "null")

    def to_python(self, value):
        return value


class LookupField(models.CharField):
    """The keyed hash of an encrypted field of the same model. It follows that field by itself with every save."""

    def __init__(self, *args, of: str, purpose: str, **kwargs):
        self.of, self.purpose = of, purpose
        super().__init__(*args, **{"max_length": 64, "blank": True, "editable": False, "db_index": True} | kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"of": self.of, "purpose": self.purpose}

    def pre_save(self, instance, add):
        text = getattr(instance, self.of)
        if not isinstance(text, Unreadable):
            setattr(instance, self.attname, self.digest(text))
        return super().pre_save(instance, add)

    @property
    def sources(self) -> tuple[str, ...]:
        """The name of the encrypted field that it follows."""
        return (self.of,)

    def follow(self, values: dict) -> str:
        """Return the value to store, given that of the source."""
        return self.digest(values[self.of])

    @staticmethod
    def normal(text: str) -> str:
        """Return the form in which two ways of writing the same thing are equal."""
        return text.strip().casefold()

    def digest(self, text: str) -> str:
        """Return the value to store for a text, made with the first key; empty for empty text."""
        return next(iter(self.digests(text)), "")

    def digests(self, text: str) -> list[str]:
        """Return the values to look for: `filter(email_lookup__in=field.digests("sam@mail.example"))`."""
        return lookup_digests(self.normal(text), self.purpose)


class LookupsField(ArrayField):
    """Keyed hashes by which parts of encrypted fields of the same model can be found. It follows them by itself.

    They are cut to 16 hexadecimal digits: a match by chance would only show one request too many. Who reads the
    database sees which requests have a part in common, and not which part it is.
    """

    def __init__(self, *args, purpose: str, **kwargs):
        self.purpose = purpose
        super().__init__(*args, **{"base_field": models.CharField(max_length=16), "default": list} | kwargs)
        self.editable = False

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"purpose": self.purpose} | {key: getattr(self, key) for key in self.SOURCES}

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the encrypted fields that it follows."""
        raise NotImplementedError

    def parts(self, values: dict) -> set[str]:
        """Return what can be looked for, given the values of the sources."""
        raise NotImplementedError

    def pre_save(self, instance, add):
        values = {name: getattr(instance, name) for name in self.sources}
        if not any(_is_unreadable(value) for value in values.values()):
            setattr(instance, self.attname, self.follow(values))
        return super().pre_save(instance, add)

    def follow(self, values: dict) -> list[str]:
        """Return the hashes to store, made with the first key, given the values of the sources."""
        return sorted(self._hashes(part)[0] for part in self.parts(values))

    def _hashes(self, part):
        return [digest[:16] for digest in lookup_digests(part, self.purpose)]


class SearchLookupsField(LookupsField):
    """Finds a person by the beginnings of the words of a name, or by the last four digits of a number."""

    SOURCES = ("names", "number")
    SHORTEST, LONGEST = 2, 12

    def __init__(self, *args, names: tuple[str, ...], number: str, **kwargs):
        self.names, self.number = tuple(names), number
        super().__init__(*args, **kwargs)

    @property
    def sources(self):
        return *self.names, self.number

    def parts(self, values):
        number = "".join(character for character in values[self.number].partition(";")[0] if character.isdigit())
        found = {number[-4:]} - {""}
        for name in self.names:
            for word in self._split(values[name]):
                found |= {word[:length] for length in range(self.SHORTEST, min(len(word), self.LONGEST) + 1)}
        return found

    def words(self, text: str) -> list[str]:
        """Return the words to look for; none when all are too short to look for."""
        return [word[: self.LONGEST] for word in self._split(text) if len(word) >= self.SHORTEST]

    def digests(self, text: str) -> list[list[str]]:
        """Return, for each word of a search, the hashes under which it may be stored, one for each key."""
        return [self._hashes(word) for word in self.words(text)]

    @staticmethod
    def _split(text):
        """Return the words of a name without accents, marks and capital letters: "O'Neill-Núñez" has two."""
        plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
        return re.findall(r"\w+", re.sub(r"['’ʼ.]", "", plain.casefold()))


class ChoiceLookupsField(LookupsField):
    """Finds a request by one of the answers in an encrypted list."""

    SOURCES = ("of",)

    def __init__(self, *args, of: str, **kwargs):
        self.of = of
        super().__init__(*args, **kwargs)

    @property
    def sources(self):
        return (self.of,)

    def parts(self, values):
        chosen = values[self.of]
        return {str(one) for one in (json.loads(chosen) if isinstance(chosen, str) else chosen or ()) if one}

    def digests(self, choice: str) -> list[str]:
        """Return the hashes under which a choice may be stored: `filter(interest_lookups__overlap=…)`."""
        return self._hashes(choice)


def _is_unreadable(value):
    return any(isinstance(one, Unreadable) for one in (value if isinstance(value, list) else [value]))


def encrypted_columns() -> Iterator[tuple[type[models.Model], list[EncryptedTextField]]]:
    """Yield each model of the site that has encrypted columns, with them."""
    for model in apps.get_models():
        columns = [field for field in model._meta.local_concrete_fields if isinstance(field, EncryptedTextField)]
        if columns and not model._meta.proxy:
            yield model, columns


def as_stored(column: EncryptedTextField) -> Cast:
    """Return an expression for a column's value as it stands in the database, not decrypted."""
    return Cast(column.name, models.TextField())


def used_keys() -> set[str]:
    """Return the identifiers of all keys that something in the database needs. Reads every encrypted column."""
    return set().union(*(_keys_of(column) for _, columns in encrypted_columns() for column in columns))


def _keys_of(column):
    # Only from what is a stored value: from words put there by hand, a part would pass for a key and be told.
    inputs = as_stored(column), Value("^v1:([^:]+):")
    key = Func(*inputs, function="substring", output_field=models.TextField())
    # In no order: that of the model would have Postgres tell its rows apart, not its keys.
    return set(column.model._base_manager.order_by().values_list(key, flat=True).distinct()) - {None}


def missing_keys(*columns: EncryptedTextField) -> set[str]:
    """Return the identifiers of the keys that ENCRYPTION_KEYS lacks and something in these columns needs.

    Without columns, something in the database: that takes as long as reading all of it.
    """
    used = set().union(*map(_keys_of, columns)) if columns else used_keys()
    return used - settings.ENCRYPTION_KEYS.keys()
