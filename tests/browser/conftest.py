"""A real browser on the real site: gunicorn with the production storage, on the test database."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from medici_site.settings import PASSWORD_HASHERS as SLOW_HASHERS
from tests.chromium import find

# Playwright's synchronous calls run inside an event loop, where Django would refuse the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# Milliseconds. A page that answers late, on a machine with much else to do, is no fault that these tests look for.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)

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

    from tests.stored import settings_of_another_process

    with django_db_blocker.unblock():
        environment = settings_of_another_process()
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

    def open_one(path, *, width=1280, address=site.address, **options):
        context = chromium.new_context(base_url=address, viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: faults.append(request.url) if not request.url.startswith(address) else None)
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    # Chromium calls a refused form (422), a limit (429) and the end of a session (401) errors in its console, and what
    # a test itself keeps from the network; they are the answers we mean.
    assert [fault for fault in faults if not re.search(r"status of 4(01|22|29)\b|ERR_FAILED", fault)] == []


@pytest.fixture
def staff(site, settings, django_db_blocker):
    """Make people like `staff("editor")`. Versions name who saved them and stay, so the people stay too, unused."""
    from tests.factories import make_user

    settings.PASSWORD_HASHERS = SLOW_HASHERS  # the site itself knows no quick ones
    made = []

    def make(role, **changes):
        made.append(make_user(role=role, **changes))
        return made[-1]

    with django_db_blocker.unblock():
        yield make
        for user in made:
            type(user).objects.filter(pk=user.pk).update(is_active=False, is_staff=False, username=f"former {user.pk}")


@pytest.fixture
def open_desk(open_page, site, staff):
    """Open the admin as somebody who has signed in: `open_desk("editor", width=390)`."""
    from tests.factories import sign_in

    people = {}

    def open_one(role, path="/admin/", **options):
        user = people[role] = people.get(role) or staff(role)
        client = Client()
        sign_in(client, user)
        page = open_page("/healthz", **options)
        page.context.add_cookies([{"name": "sessionid", "value": client.session.session_key, "url": site.address}])
        page.goto(path)
        return page

    return open_one


@pytest.fixture
def staff_page(open_desk):
    """Open the form of some content as an editor: `staff_page(term, width=390)`."""

    def open_one(content, **options):
        return open_desk("editor", f"/admin/treatments/{content.kind()}/{content.pk}/change/", **options)

    return open_one


@pytest.fixture
def as_before(site, django_db_blocker):
    """Whatever a test publishes, afterwards patients read what they read before. The history keeps all of it."""
    from treatments import publishing
    from treatments.models import Version

    with django_db_blocker.unblock():
        last = Version.objects.latest("pk").pk
        before = {(one.kind, one.content_id): one for one in Version.objects.published()}
        yield
        for version in Version.objects.under_way():
            publishing.take_back(version, by=None)
        new = []
        for version in (
            Version.objects.filter(pk__gt=last).order_by("kind", "content_id").distinct("kind", "content_id")
        ):
            content, old = publishing.content_of(version), before.get((version.kind, version.content_id))
            if old is None:
                new.append(content)
            elif publishing.is_changed(content) or publishing.published_version(content).record != old.record:
                publishing.publish(publishing.restore(old, by=None), reason="As before the test")
        for content in filter(None, new):  # last, when nothing uses it any more
            publishing.delete(content, by=None, reason="As before the test")
