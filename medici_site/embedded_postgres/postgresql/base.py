"""Django's Postgres backend on the embedded server, which starts at the first connection.

Nothing starts at import, so `--help`, `check` and `collectstatic` need no database.
The package is called `postgresql` because tools tell the kind of database by that name.
"""

import contextlib

import psycopg
from django.db.backends.postgresql import base
from psycopg import sql

from medici_site.embedded_postgres.server import server


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self):
        postgres = server(self.settings_dict["EMBEDDED_ROOT"], self.settings_dict["EMBEDDED_DURABLE"])
        postgres.ensure_running()
        return super().get_connection_params() | {"password": postgres.password}

    def get_new_connection(self, conn_params):
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError as error:
            # A new cluster has no database of ours yet. Test databases are made by the test runner.
            name = conn_params["dbname"]
            if name != self.settings_dict["NAME"] or f'database "{name}" does not exist' not in str(error):
                raise
            self._create_database(conn_params, name)
            return super().get_new_connection(conn_params)

    @staticmethod
    def _create_database(conn_params, name):
        server_params = {key: conn_params[key] for key in ("host", "user", "password")}
        with (
            psycopg.connect(**server_params, dbname="postgres", autocommit=True) as connection,
            contextlib.suppress(psycopg.errors.DuplicateDatabase),  # another process was quicker
        ):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
