"""What the database holds for somebody who has it and its keys, and other processes that use it."""

import base64
import os
import re
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import connection

from appointments.encryption import decrypt, encrypted_columns

SEALED = re.compile(r"v1:[^:\"]+:[\w=-]+")


def rows_of_every_table() -> dict[str, str]:
    """Return all rows of every table as text, by table, as who has the database alone reads them."""
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT coalesce(string_agg(to_jsonb(t)::text, chr(10)), '') FROM \"{table}\" t")  # noqa: S608
            found[table] = cursor.fetchone()[0]
        return found


def everything_stored() -> dict[str, str]:
    """Return all rows of every table as text, by table, with everything that is encrypted in the clear."""
    return {table: SEALED.sub(lambda match: _opened(match[0]), rows) for table, rows in rows_of_every_table().items()}


def tables_with(*marks: str) -> list[str]:
    """Return the tables that hold one of these words anywhere."""
    return [table for table, text in everything_stored().items() if any(mark in text for mark in marks)]


def _opened(sealed):
    for purpose in {column.purpose for _, columns in encrypted_columns() for column in columns}:
        try:
            return decrypt(sealed, purpose)
        except (InvalidTag, KeyError):
            continue
    return sealed


def settings_of_another_process() -> dict[str, str]:
    """Return the environment for another process that uses the test database."""
    connection.ensure_connection()
    parameters = connection.get_connection_params()
    user, password, host = (quote(parameters.get(key) or "", safe="") for key in ("user", "password", "host"))
    port = f":{parameters['port']}" if parameters.get("port") else ""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "medici_site.settings",
        "DATABASE_URL": f"postgres://{user}:{password}@{host}{port}/{parameters['dbname']}",
    }


def environment_of_another_process(folder) -> dict[str, str]:
    """Return the environment for a `manage.py` on the test database with the present keys, which stand in `folder`."""
    (folder / "secrets").mkdir(parents=True, exist_ok=True)
    pairs = [f"{name}:{base64.urlsafe_b64encode(key).decode()}" for name, key in settings.ENCRYPTION_KEYS.items()]
    (folder / "secrets" / "encryption_keys").write_text(",".join(pairs))
    return settings_of_another_process() | {"VAR_DIR": str(folder)}
