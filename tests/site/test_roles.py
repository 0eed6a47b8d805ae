"""Who may open what: every address of the site, for every role, in one table. A new address needs a row."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from appointments.models import EvaluationRequest
from medici_site.models import User
from medici_site.roles import ROLES
from tests.factories import make_request, make_user, sign_in
from treatments import library, open_graph, sharing
from treatments.models import CONTENT_MODELS, ClinicSettings, GlossaryTerm, Treatment, Version

pytestmark = pytest.mark.django_db

# One row for each address: its name, or its route when it has none, and the answer to each role. The name is a regular
# expression, in which `{page}` stands for every content model but the clinic's settings.
#
# An answer is a status; "login" is the way to the sign-in page. "200/403" answers a GET with 200 and a POST with 403.
# The POST is an empty form, so 200 is a form with its errors shown: the role may use it. What is answered with login,
# 403, 404 or 405 must not have written anything.
#
# New addresses of the admin take the real object of the model that their name starts with; what else an address or
# its view needs stands in ARGUMENTS and QUERIES below.
TABLE = r"""
#                                                                  anonymous editor  reviewer desk    manager superuser
home|treatments|family|treatment|page                              200/405   200/405 200/405  200/405 200/405 200/405
compare                                                            200/405   200/405 200/405  200/405 200/405 200/405
visit                                                              200/405   200/405 200/405  200/405 200/405 200/405
site_map|changes|changes_feed|llms|open_graph_picture              200/405   200/405 200/405  200/405 200/405 200/405
search                                                             200       200     200      200     200     200
compare_[23]                                                       302/405   302/405 302/405  302/405 302/405 302/405
finder|finder_rules                                                200/405   200/405 200/405  200/405 200/405 200/405
finder_questions                                                   200       200     200      200     200     200
request_evaluation                                                 200/405   200/405 200/405  200/405 200/405 200/405
request_(start_over|with_interests)                                405/302   405/302 405/302  405/302 405/302 405/302
request_safety|find_request                                        200/422   200/422 200/422  200/422 200/422 200/422
request_(step|change|check)                                        302       302     302      302     302     302
your_request(_calendar)?                                           200/405   200/405 200/405  200/405 200/405 200/405
your_request_visit                                                 404/405   404/405 404/405  404/405 404/405 404/405
your_request_contact                                               200/422   200/422 200/422  200/422 200/422 200/422
your_request_(times|withdraw)                                      200/302   200/302 200/302  200/302 200/302 200/302
shared_draft|picture|healthz|robots                                200/405   200/405 200/405  200/405 200/405 200/405
favicon                                                            302/405   302/405 302/405  302/405 302/405 302/405
sitemap                                                            200       200     200      200     200     200

account_login                                                      200       302     302      302     302     302
admin:login                                                        200       302     302      302     302     302
invitation                                                         404       302     302      302     302     302
open_invitation                                                    404/405   404/405 404/405  404/405 404/405 404/405
start_again                                      405/login 405/login 405/login 405/login 405/login 405/login
account_inactive                                                   200/405   200/405 200/405  200/405 200/405 200/405
mfa_authenticate                                                   login     302     302      302     302     302
mfa_login_webauthn                                                 login     302     302      302     302     302
mfa_index                                                          login     200/405 200/405  200/405 200/405 200/405
mfa_list_webauthn                                                  login     302     302      302     302     302
mfa_activate_totp                                                  login     302     302      302     302     302
mfa_deactivate_totp|move_app                                       login     200     200      200     200     200
mfa_add_webauthn                                                   login     200     200      200     200     200
mfa_generate_recovery_codes                                        login     200/302 200/302  200/302 200/302 200/302
mfa_view_recovery_codes                                            login     404/405 404/405  404/405 404/405 404/405
mfa_reauthenticate                                                 login     200     200      200     200     200
mfa_reauthenticate_webauthn                                        login     302     302      302     302     302
mfa_remove_webauthn                                                login     404     404      404     404     404
account_reauthenticate                                             login     302     302      302     302     302
session                                                            200       200     200      200     200     200
kept_forms                                                         login     200/405 200/405  200/405 200/405 200/405
keep_form                                                          405/403   405/403 405/403  405/403 405/403 405/403
send_kept                                                          login     405/404 405/404  405/404 405/404 405/404
usersessions_list                                                  login     405/302 405/302  405/302 405/302 405/302

admin:logout                                                       302       405/200 405/200  405/200 405/200 405/200
admin:password_change                                              login     200     200      200     200     200
admin:password_change_done                                         login     200/405 200/405  200/405 200/405 200/405
admin:index                                                        login     200     200      200     200     200
admin:jsi18n                                                       login     200/405 200/405  200/405 200/405 200/405
admin:autocomplete                                                 login     200/405 200/405  403/405 200/405 200/405
admin:view_on_site                                                 login     302     302      302     302     302
admin:app_list=treatments                                          login     200     200      404     200     200
admin:app_list=appointments                                        login     404     404      200     200     200
admin:app_list=medici_site                                         login     404     404      404     200     200
admin/\(\?P<url>.*                                                 login     404     404      404     404     404
admin/.*/<path:object_id>/                                         login     302     302      302     302     302

admin:treatments_{page}_(changelist|history)                       login     200     200      403     200     200
admin:treatments_{page}_(add|delete|publish|retire)                login     200     403      403     200     200
admin:treatments_{page}_change                                     login     200     302/403  403     200     200
admin:treatments_{page}_(preview|frame)                            login     200     200      403     200     200
admin:treatments_{page}_review                                     login     200/302 403      403     200/302 200/302
admin:treatments_{page}_(presence|grade)                           login     405/200 405/403  405/403 405/200 405/200
admin:treatments_{page}_compare                                    login     302/405 302/405  403/405 302/405 302/405
admin:treatments_{page}_export                                     login     200/405 200/405  403/405 200/405 200/405

admin:treatments_clinicsettings_(changelist|history|preview|frame) login     200     200      403     200     200
admin:treatments_clinicsettings_change                             login     302/403 302/403  403     200     200
admin:treatments_clinicsettings_(publish|retire)                   login     403     403      403     200     200
admin:treatments_clinicsettings_review                             login     403     403      403     200/302 200/302
admin:treatments_clinicsettings_(presence|grade)                   login     405/403 405/403  405/403 405/200 405/200
admin:treatments_clinicsettings_compare                            login     302/405 302/405  403/405 302/405 302/405
admin:treatments_clinicsettings_export                             login     200/405 200/405  403/405 200/405 200/405
admin:treatments_clinicsettings_(add|delete)                       login     403     403      403     403     403

admin:treatments_version_(changelist|change)                       login     200     200      403     200     200
admin:treatments_version_(add|delete)                              login     403     403      403     403     403
admin:treatments_version_history                                   login     404     404      404     404     404
admin:treatments_version_(reviews|coming|deleted|counts|guide|export) login     200/405 200/405  403/405 200/405 200/405
admin:treatments_version_notes                                     login     200/405 200/405  403/405 200/405 200/405
admin:treatments_version_order                                     login     200     403      403     200     200
admin:treatments_version_sign                                      login     403     302      403     403     302
admin:treatments_version_send_back                                 login     405/403 405/302  405/403 405/403 405/302
admin:treatments_version_(take_back|restore)                       login     405/302 405/403  405/403 405/302 405/302
admin:treatments_version_(share|end_share)                         login     405/302 405/302  405/403 405/302 405/302

admin:appointments_evaluationrequest_(changelist|history)          login     403     403      200     200     200
admin:appointments_evaluationrequest_change                        login     403     403      200/403 200/403 200/403
admin:appointments_evaluationrequest_handle                        login     403     403      405/409 405/409 405/409
admin:appointments_evaluationrequest_(many|views)                  login     403     403      405/302 405/302 405/302
admin:appointments_evaluationrequest_here                          login     403     403      405/200 405/200 405/200
admin:appointments_evaluationrequest_(search|next)                 login     403     403      302     302     302
admin:appointments_evaluationrequest_(day|print|letter|beside)     login     403     403      200     200     200
admin:appointments_evaluationrequest_delete                        login     403     403      403     403     403
admin:appointments_evaluationrequest_looked                        login     403/405 403/405  403/405 200/405 200/405
admin:appointments_evaluationrequest_looked_find                   login     405/403 405/403  405/403 405/302 405/302
admin:appointments_evaluationrequest_looked_download               login     405/403 405/403  405/403 405/200 405/200
admin:appointments_evaluationrequest_(export|person|hold)          login     403     403      403     200     200
admin:appointments_evaluationrequest_person_.*                     login     405/403 405/403  405/403 405/200 405/200
admin:appointments_evaluationrequest_retention                     login     403/405 403/405  200/405 200/405 200/405
admin:appointments_evaluationrequest_morning                       login     403/405 403/405  200/405 200/405 200/405
admin:appointments_evaluationrequest_guide                         login     403/405 403/405  200/405 200/405 200/405
admin:appointments_evaluationrequest_add                           login     403     403      200/422 200/422 200/422

admin:medici_site_user_(changelist|add|change|history)             login     403     403      403     200     200
admin:medici_site_user_delete                                      login     403     403      403     403     403
admin:auth_user_password_change                                    login     403     403      403     200     200
"""

COLUMNS = ("anonymous", "editor", "medical reviewer", "front desk", "manager", "superuser")
PAGES = "|".join(model._meta.model_name for model in CONTENT_MODELS if model is not ClinicSettings)
ROWS = {row.split()[0]: row.split()[1:] for row in TABLE.splitlines() if row.strip() and not row.startswith("#")}


def patterns(resolver, namespace="", route=""):
    for pattern in resolver.url_patterns:
        whole = route + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from patterns(pattern, namespace + (f"{pattern.namespace}:" if pattern.namespace else ""), whole)
        else:
            yield (namespace + pattern.name if pattern.name else whole), whole


URLS = {}
for name, route in patterns(get_resolver()):
    if name == "admin:app_list":  # one address for each app, with answers of its own
        for label in re.search(r"\(\?P<app_label>(.*?)\)", route)[1].split("|"):
            URLS[f"{name}={label}"] = f"admin/{label}/"
    else:
        URLS[name] = route


def rows_of(name):
    return [row for row in ROWS if re.fullmatch(row.replace("{page}", f"({PAGES})"), name)]


# What an address needs beside the object of its model, and what its view asks for.
ARGUMENTS = {
    "family": {"slug": "regenerative"},
    "treatment": {"family": "regenerative", "slug": "prp"},
    "page": {"slug": "faq"},
    "open_graph_picture": {"kind": "treatment", "name": lambda: open_graph_name("prp")},
    "picture": {"name": "sample-0123456789ab-600x400.jpg"},
    "request_step": {"slug": "reach"},
    "request_change": {"slug": "reach"},
    **{
        f"your_request{part}": {"token": lambda: EvaluationRequest.objects.get().tracking_token}
        for part in ("", "_calendar", "_visit", "_contact", "_times", "_withdraw")
    },
    "open_invitation": {"token": "of-nobody"},
    "compare_2": {"first": "prp", "second": "hbot"},
    "compare_3": {"first": "prp", "second": "hbot", "third": "hbot"},
    "mfa_remove_webauthn": {"pk": 1},
    "send_kept": {"pk": 1},
    "shared_draft": {"token": lambda: sharing.address(share_link()).split("/")[-2]},
    "admin:treatments_version_end_share": {"pk": lambda: share_link().pk},
    "admin:view_on_site": {
        "content_type_id": lambda: ContentType.objects.get_for_model(Treatment).pk,
        "object_id": lambda: Treatment.objects.last().pk,
    },
    "admin/(?P<url>.*)$": {"url": "no-such-page"},
}
QUERIES = {"admin:autocomplete": "?app_label=treatments&model_name=treatment&field_name=family"}
PARAMETER = re.compile(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>")


def one_of(model):
    # Of versions one of a page that every role with a say in pages has a say in.
    return (model.objects.filter(kind="treatment") if model is Version else model.objects).last()


def share_link():
    return sharing.share(one_of(Version), by=one_of(User))


def open_graph_name(slug):
    words = library.published()
    return f"{slug}-{open_graph.card(words.treatment(slug), words).proof}"


def address(name):
    """Return the whole address, with an object of its model where the route has a parameter."""

    def value(parameter):
        given = ARGUMENTS.get(name, {}).get(parameter[1] or parameter[2])
        if given is None:
            model = next(model for model in admin.site._registry if f"/{model._meta.model_name}/" in URLS[name])
            given = one_of(model).pk
        return str(given() if callable(given) else given)

    return "/" + PARAMETER.sub(value, URLS[name]).rstrip("$") + QUERIES.get(name, "")


def answer(response):
    to_sign_in = response.status_code == 302 and response.url.startswith("/admin/login/")
    return "login" if to_sign_in else str(response.status_code)


WRITES = re.compile(r'(INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')
COUNTS = {"appointments_access", "appointments_tally", "medici_site_cache", "django_session"}
"""That somebody was refused, how often, and that they touched a page: a refusal writes nothing else."""


def writes(queries):
    found = [WRITES.match(query["sql"]) for query in queries]
    return [write.string for write in found if write and write[2] not in COUNTS]


def answer_of(method, url):
    with CaptureQueriesContext(connection) as queries:
        given = answer(method(url))
    if given in ("login", "403", "404", "405"):
        assert writes(queries) == [], f"{url} writes what it refuses to write"
    return given


# Every client would load the middleware anew, which takes longer than most pages.
HANDLER = Client().handler


@pytest.fixture
def clients(settings):
    """A client for each column of the table, and one real object of every model that an address can name."""
    pictures = settings.MEDIA_ROOT / "pictures"
    pictures.mkdir(parents=True)
    (pictures / ARGUMENTS["picture"]["name"]).write_bytes(b"picture")
    make_request()
    clients = {column: Client() for column in COLUMNS}
    for one in clients.values():
        one.handler = HANDLER
    sign_in(clients["superuser"], make_user(username="superuser"))
    for role in COLUMNS[1:-1]:
        sign_in(clients[role], make_user(role=role))
    make_user(role="editor", username="somebody")
    return clients


@pytest.mark.parametrize("name", URLS)
def test_every_address_answers_each_role_as_the_table_says(name, clients):
    rows = rows_of(name)
    assert len(rows) == 1, f"{name} ({URLS[name]}) needs one row in TABLE and has {len(rows)}: {rows}"
    url = address(name)
    given = []
    for client in clients.values():
        get, post = (answer_of(method, url) for method in (client.get, client.post))
        given.append(get if post == get else f"{get}/{post}")
    assert given == ROWS[rows[0]], url


def test_no_row_is_left_of_an_address_that_is_gone():
    used = {row for name in URLS for row in rows_of(name)}
    assert set(ROWS) == used


# -- The groups ---------------------------------------------------------------------------------------------------


def test_the_groups_equal_the_table():
    for name, role in ROLES.items():
        granted = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
        assert {f"{label}.{codename}" for label, codename in granted} == role.permissions


@pytest.mark.parametrize("command", [["migrate"], ["migrate", "treatments"]])
def test_an_upgrade_brings_the_groups_back_to_the_table(command):
    editor = Group.objects.get(name="Editor")
    editor.permissions.set(Permission.objects.filter(codename__in=["add_user", "delete_evaluationrequest"]))
    Group.objects.get(name="Front desk").delete()
    # What an older release did not know yet.
    Permission.objects.filter(content_type__app_label="treatments").delete()
    call_command(*command, interactive=False, verbosity=0)
    test_the_groups_equal_the_table()


# -- What the table cannot say --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("editor", ["/admin/treatments/treatment/"], ["evaluationrequest", "/user/"]),
        ("medical reviewer", ["/admin/treatments/treatment/"], ["evaluationrequest", "/user/", "/add/"]),
        ("front desk", ["/admin/appointments/evaluationrequest/"], ["/admin/treatments/", "/user/"]),
        ("manager", ["/treatment/", "/evaluationrequest/", "/user/"], ["/auth/", "/group/"]),
    ],
)
def test_the_first_page_shows_what_a_role_can_use(client, role, shown, hidden):
    sign_in(client, make_user(role=role))
    html = client.get("/admin/").content.decode()
    assert [part for part in shown if part not in html] == []
    assert [part for part in hidden if part in html] == []


@pytest.mark.parametrize("role", ["editor", "medical reviewer", "front desk"])
def test_a_whole_form_from_a_role_without_the_permission_changes_nothing(client, role):
    """As when somebody keeps a page open while their role is taken away."""
    request = make_request()
    other = make_user(role="editor", username="somebody")
    clinic = ClinicSettings.objects.get()
    term = GlossaryTerm.objects.first()
    sign_in(client, make_user(role=role))
    tries = {
        f"/admin/appointments/evaluationrequest/{request.pk}/delete/": {"post": "yes"},
        f"/admin/medici_site/user/{other.pk}/change/": {"username": "taken", "is_active": ""},
        "/admin/medici_site/user/add/": {"username": "new"},
        f"/admin/medici_site/user/{other.pk}/password/": {},
        f"/admin/treatments/clinicsettings/{clinic.pk}/change/": {"name": "Taken", "_publish": "1"},
    }
    if role != "editor":
        words = {"term": term.term, "meaning": "Taken."}
        tries |= {
            f"/admin/treatments/glossaryterm/{term.pk}/change/": words,
            "/admin/treatments/glossaryterm/add/": words | {"slug": "taken"},
        }
    for url, values in tries.items():
        with CaptureQueriesContext(connection) as queries:
            assert client.post(url, values).status_code == 403, url
        assert writes(queries) == [], url


@pytest.mark.parametrize("role", COLUMNS[1:])
def test_no_role_deletes_by_the_page(client, role):
    """An action of a list is one more way to change things, whose address says nothing of it."""
    make_request()
    sign_in(client, make_user(role=None if role == "superuser" else role, username="somebody"))
    for model, model_admin in admin.site._registry.items():
        chosen = list(model.objects.values_list("pk", flat=True)[:2])
        before = model.objects.count()
        values = {"action": "delete_selected", "_selected_action": chosen, "index": "0", "post": "yes"}
        client.post(f"/admin/{model._meta.app_label}/{model._meta.model_name}/", values)
        assert model.objects.count() == before, model_admin


@pytest.mark.parametrize("role", COLUMNS[1:])
def test_every_role_chooses_its_own_password(client, role):
    user = make_user(role=None if role == "superuser" else role)
    sign_in(client, user)
    own = {
        "old_password": "a long enough password",
        "new_password1": "another good one",
        "new_password2": "another good one",
    }
    assert client.post("/admin/password_change/", own).status_code == 302
    user.refresh_from_db()
    assert user.check_password("another good one")


def test_a_deactivated_account_is_out_at_once(client):
    user = make_user(role="editor")
    sign_in(client, user)
    assert client.get("/admin/treatments/treatment/").status_code == 200
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    response = client.get("/admin/treatments/treatment/")
    assert answer(response) == "login"
    assert not client.login(username=user.username, password="a long enough password")
