"""A real browser on the real site: gunicorn with the production storage, on the test database."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.parse import quote

import pytest
from playwright.sync_api import sync_playwright

from tests.chromium import find

# Playwright's synchronous calls run inside an event loop, where Django would refuse the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]


class Site:
    """The running site, and one-line access to it for checks that need no browser."""

    def __init__(self, address):
        self.address = address

    def get(self, path):
        return urllib.request.urlopen(self.address + path, timeout=20)


@pytest.fixture(scope="session")
def site(django_db_setup, django_db_blocker):
    from django.conf import settings
    from django.db import connection

    with django_db_blocker.unblock():
        connection.ensure_connection()
        parameters = connection.get_connection_params()
    user, password, host = (quote(parameters.get(key) or "", safe="") for key in ("user", "password", "host"))
    port = f":{parameters['port']}" if parameters.get("port") else ""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "medici_site.settings",
        "DATABASE_URL": f"postgres://{user}:{password}@{host}{port}/{parameters['dbname']}",
    }
    run = {"cwd": settings.BASE_DIR, "env": environment}
    subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], check=True, **run)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = ["gunicorn", "medici_site.wsgi", f"--bind={address}", "--threads=8", "--no-control-socket"]
    server = subprocess.Popen([sys.executable, "-m", *command, "--log-level=warning"], **run)
    for _ in range(100):
        try:
            Site(f"http://{address}").get("/healthz")
            break
        except OSError:
            time.sleep(0.1)
    yield Site(f"http://{address}")
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="session")
def chromium():
    path = find()
    assert path, "Browser tests are never skipped: run 'make test', which finds or installs Chromium."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, site):
    """Open pages like `open_page("/", width=390)`. What goes wrong in any of them fails the test at its end."""
    contexts, faults = [], []

    def open_one(path, *, width=1280, **options):
        context = chromium.new_context(base_url=site.address, viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(8000)  # milliseconds
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request", lambda request: faults.append(request.url) if not request.url.startswith(site.address) else None
        )
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    # A refused form answers 422, which Chromium calls an error in its console; it is the answer we mean.
    assert [fault for fault in faults if "422" not in fault] == []
