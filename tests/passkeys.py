"""A passkey in a few lines, for tests of what a browser without scripts of its own, or an attacker, can send."""

import hashlib
import json
import secrets

from allauth.account.utils import user_pk_to_url_str
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAGS = AuthenticatorData.FLAG


class Passkey:
    """One that lies at hand. `verifies` says whether it sees a finger or a PIN, or takes any touch."""

    def __init__(self, *, verifies=True, host="testserver"):
        self.verifies, self.host = verifies, host
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)

    def registration(self, options) -> str:
        """Answer the challenge of the page that adds a passkey."""
        public = ES256.from_cryptography_key(self.key.public_key())
        data = AuthenticatorData.create(
            self._rp_id_hash(),
            self._flags(self.verifies) | FLAGS.AT,
            0,
            AttestedCredentialData.create(b"\0" * 16, self.id, public),
        )
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", options),
            attestationObject=websafe_encode(AttestationObject.create("none", data, {})),
        )

    def assertion(self, options, user, *, verified=None) -> str:
        """Answer the challenge of a page that asks who somebody is, and claim to have `verified` a finger or a PIN."""
        client_data = self._client_data("webauthn.get", options)
        data = AuthenticatorData.create(
            self._rp_id_hash(), self._flags(self.verifies if verified is None else verified), 1
        )
        signed = bytes(data) + hashlib.sha256(client_data).digest()
        return self._answer(
            clientDataJSON=client_data,
            authenticatorData=websafe_encode(data),
            signature=websafe_encode(self.key.sign(signed, ec.ECDSA(SHA256()))),
            userHandle=websafe_encode(user_pk_to_url_str(user).encode()),
        )

    def _rp_id_hash(self):
        return hashlib.sha256(self.host.encode()).digest()

    def _flags(self, verified):
        return FLAGS.UP | FLAGS.UV if verified else FLAGS.UP

    def _client_data(self, kind, options):
        return CollectedClientData.create(
            type=kind, challenge=options["publicKey"]["challenge"], origin=f"http://{self.host}"
        )

    def _answer(self, *, clientDataJSON, **response):  # noqa: N803 - the standard's name
        response["clientDataJSON"] = websafe_encode(clientDataJSON)
        name = websafe_encode(self.id)
        extra = {"clientExtensionResults": {"credProps": {"rk": True}}, "authenticatorAttachment": "platform"}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response} | extra)
