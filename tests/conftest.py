"""What every test can ask for. The test database holds the real content, imported once."""

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import setup_databases, teardown_databases

from tests.pages import PageClient


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    # Always a database of the tests' own. pytest-django makes none when no chosen test is marked for the
    # database, and the browser tests, which are not, would then meet the real one.
    with django_db_blocker.unblock():
        databases = setup_databases(verbosity=0, interactive=False)
        from treatments.importing import import_content  # models can be imported only now

        import_content(settings.CONTENT_DIR)
    yield
    with django_db_blocker.unblock():
        # Queries inside Playwright's event loop have a connection of their own, which nothing closes for them.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        teardown_databases(databases, verbosity=0)


@pytest.fixture(autouse=True)
def _media_of_its_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def page(client):
    """Fetch pages like `page("/treatments/")`; every fetched page is checked for what all pages owe."""
    return PageClient(client)


@pytest.fixture
def stored(django_db_setup, django_db_blocker):
    """Requests outside any transaction, as other processes and threads see them; removed after the test."""
    from appointments.models import EvaluationRequest, KeptForm, RequestDraft, Tally
    from appointments.privacy import caring_for_notes

    with django_db_blocker.unblock():
        yield EvaluationRequest.objects
        with transaction.atomic(), caring_for_notes("delete"):
            EvaluationRequest.objects.all().delete()
        for model in (RequestDraft, Tally, KeptForm):
            model.objects.all().delete()


@pytest.fixture
def manager(db):
    from tests.factories import make_user

    return make_user()


@pytest.fixture
def manager_client(client, manager):
    from tests.factories import sign_in

    sign_in(client, manager)
    return client


def _client_of(role):
    from tests.factories import make_user, sign_in

    client = Client()
    sign_in(client, make_user(role=role))
    return client


@pytest.fixture
def editor_client(db):
    return _client_of("editor")


@pytest.fixture
def reviewer_client(db):
    return _client_of("medical reviewer")


@pytest.fixture
def desk_client(db):
    return _client_of("front desk")


def pytest_terminal_summary(terminalreporter):
    """Print what tests measured, such as the reading grade of each content file."""
    measured = [
        (report.nodeid.rpartition("::")[2], ", ".join(f"{name} {value}" for name, value in report.user_properties))
        for report in terminalreporter.getreports("passed")
        if report.when == "call" and report.user_properties
    ]
    if measured:
        terminalreporter.section("measured")
        for test, values in measured:
            terminalreporter.write_line(f"{test}: {values}")
