"""What the environment says, and the refusal to start on half a production configuration."""

import base64
import os
import secrets
import socket
from pathlib import Path

import psutil
from django.core.exceptions import ImproperlyConfigured

# Without SITE_URL the site serves this machine only and makes its own secrets. With it, it is public,
# and every one of these must be said.
PRODUCTION_ONLY = {
    "SITE_URL": "the public address, for example https://spine.clinic.example",
    "SECRET_KEY": "50 or more random characters; signs sessions and forms",
    "ENCRYPTION_KEYS": "ID:KEY pairs, the first one encrypts; make one with 'manage.py make_encryption_key'",
    "EMAIL_HOST": "the mail server that sends notifications",
    "FROM_EMAIL": "the sender of notifications",
    "NOTIFY_EMAILS": "who is told that a request is waiting, separated by commas",
}
ALSO_NEEDED = {
    "DATABASE_URL": "the Postgres to use, for example postgres://user:password@host/name",
    "BEHIND_PROXY": "1 when a proxy ends TLS and sets X-Forwarded-Proto itself, else 0",
}


def require_all_or_nothing(environ=os.environ) -> bool:
    """Return whether this is production.

    Raises ImproperlyConfigured, naming everything that is missing, when only a part of a production
    configuration is present.
    """
    if not any(environ.get(name) for name in PRODUCTION_ONLY):
        return False
    needed = PRODUCTION_ONLY | ALSO_NEEDED
    missing = [f"  {name}: {meaning}" for name, meaning in needed.items() if not environ.get(name)]
    if missing:
        raise ImproperlyConfigured(
            "This is half a production configuration. Set these as well, or none of "
            f"{', '.join(PRODUCTION_ONLY)}:\n" + "\n".join(missing)
        )
    if not environ["SITE_URL"].startswith("https://"):
        raise ImproperlyConfigured("SITE_URL must start with https://, because patients send health details to it.")
    if len(environ["SECRET_KEY"]) < 50:
        raise ImproperlyConfigured("SECRET_KEY must have at least 50 characters.")
    return True


def own_addresses(host: str) -> list[str]:
    """Return the names under which a site on this machine is reached when it listens on `host`.

    Whoever opens the site to the network with 0.0.0.0 reaches it by any address of this machine.
    """
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        return [host] if host else []
    addresses = (address.address for card in psutil.net_if_addrs().values() for address in card)
    return [socket.gethostname(), *(address for address in addresses if address.count(".") == 3)]


def local_secret(folder: Path, name: str, make=lambda: secrets.token_urlsafe(48)) -> str:
    """Return a secret that belongs to this machine, made at the first use and readable by its owner only."""
    file = folder / name
    if not file.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{name}.{os.getpid()}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as opened:
            opened.write(make())
        try:
            os.link(draft, file)  # unlike a rename it never replaces the secret another process just made
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text().strip()


def new_encryption_key() -> str:
    """Return a new ID:KEY pair: an identifier for the key, and 256 random bits."""
    return f"{secrets.token_hex(3)}:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}"


def encryption_keys(text: str) -> dict[str, bytes]:
    """Read ID:KEY pairs separated by commas; the first one encrypts, the others still decrypt.

    Raises ImproperlyConfigured when a pair cannot be read. The message never repeats a key.
    """
    keys = {}
    for number, pair in enumerate(text.split(","), start=1):
        identifier, _, encoded = pair.strip().partition(":")
        try:
            key = base64.urlsafe_b64decode(encoded)
        except ValueError:
            key = b""
        if not identifier or len(key) != 32:
            raise ImproperlyConfigured(f"Pair {number} of ENCRYPTION_KEYS is not ID:KEY with a key of 32 bytes.")
        keys[identifier] = key
    return keys
