"""Encryption of what patients send: AES-256-GCM, under keys that the database does not hold.

A stored value reads `v1:KEY_ID:base64(nonce + ciphertext)`. The key's identifier lets old keys go on
decrypting after a new one has taken over. The purpose of the column is authenticated with the value, so a
value that was moved to another column is refused.
"""

import base64
import json
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

NONCE_BYTES = 12  # the size that AES-GCM is specified for


def encrypt(text: str, purpose: str) -> str:
    """Encrypt with the first key of ENCRYPTION_KEYS."""
    identifier, key = next(iter(settings.ENCRYPTION_KEYS.items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, text.encode(), purpose.encode())
    return f"v1:{identifier}:{base64.urlsafe_b64encode(sealed).decode()}"


def decrypt(stored: str, purpose: str) -> str:
    """Decrypt a stored value.

    Raises KeyError when its key is no longer in ENCRYPTION_KEYS, and cryptography.exceptions.InvalidTag when
    it was changed or stands in another column than the one it was written to.
    """
    _, identifier, encoded = stored.split(":", 2)
    sealed = base64.urlsafe_b64decode(encoded)
    key = AESGCM(settings.ENCRYPTION_KEYS[identifier])
    return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode()).decode()


class Unreadable(str):
    """Stands for a value whose key is missing. It can be shown, and is never saved over the value."""


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
