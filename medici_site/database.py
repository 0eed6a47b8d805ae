"""One function decides which Postgres the site talks to: the one in DATABASE_URL, else the embedded one."""

from pathlib import Path

import dj_database_url

from medici_site.embedded_postgres.server import ROLE, Server

# Connections stay open for a minute and are checked before use, so a restarted Postgres is noticed by itself.
PATIENCE = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
# A visitor should not wait long to be told to call instead: seconds to connect, and to notice a dead network.
NETWORK = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,  # milliseconds
}


def database(url: str, folder: Path, *, durable: bool = True) -> dict:
    """Return the entry of DATABASES. `folder` holds the embedded server when `url` is empty."""
    if url:
        external = dj_database_url.parse(url) | PATIENCE
        external["OPTIONS"] = NETWORK | external.get("OPTIONS", {})
        return external
    return {
        "ENGINE": "medici_site.embedded_postgres.postgresql",
        "NAME": "medici",
        "USER": ROLE,
        "HOST": str(Server(folder).socket_folder),
        "EMBEDDED_ROOT": str(folder),
        "EMBEDDED_DURABLE": durable,
    } | PATIENCE
