"""A private PostgreSQL for a fresh checkout: nothing to install, no port, no Docker.

`server.py` starts and stops it; `postgresql/` is the Django database backend that asks for it.
Set DATABASE_URL to use any other Postgres instead.
"""
