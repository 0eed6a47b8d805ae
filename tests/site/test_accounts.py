"""Staff accounts: the first one, the one-time password, and what a manager can and cannot do with accounts."""

import io
import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client

from medici_site.accounts import create_first_account
from medici_site.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_first_account_is_made_once_with_a_random_password():
    username, password = create_first_account()
    assert len(password) >= 16
    assert password not in User.objects.get(username=username).password
    assert create_first_account() is None
    User.objects.all().delete()
    assert create_first_account()[1] != password


def test_an_existing_account_is_enough():
    make_user(username="somebody", is_superuser=False)
    assert create_first_account() is None


def test_one_time_password_opens_nothing_but_its_own_change(client):
    username, password = create_first_account()
    assert client.login(username=username, password=password)
    for url in ("/admin/", "/admin/appointments/evaluationrequest/", "/admin/treatments/treatment/"):
        response = client.get(url)
        assert response.status_code == 302, url
        assert response.url == "/admin/password_change/"
    assert client.get("/admin/password_change/").status_code == 200


def test_choosing_a_password_opens_the_admin(client):
    username, password = create_first_account()
    client.login(username=username, password=password)
    own = "a password of my own"
    response = client.post(
        "/admin/password_change/", {"old_password": password, "new_password1": own, "new_password2": own}
    )
    assert response.status_code == 302
    assert client.get("/admin/").status_code == 200
    assert not User.objects.get(username=username).must_change_password


@pytest.mark.parametrize("chosen", ["short", None])
def test_a_short_password_and_the_same_one_are_refused(client, chosen):
    username, password = create_first_account()
    client.login(username=username, password=password)
    chosen = chosen or password
    response = client.post(
        "/admin/password_change/", {"old_password": password, "new_password1": chosen, "new_password2": chosen}
    )
    assert response.status_code == 200
    assert client.get("/admin/").status_code == 302


def test_a_mistake_in_a_content_file_does_not_keep_a_published_site_down(monkeypatch, settings, tmp_path):
    monkeypatch.setattr("medici_site.management.commands.prepare.connection.close", lambda: None)
    settings.CONTENT_DIR = tmp_path  # every file is missing
    out, err = io.StringIO(), io.StringIO()
    call_command("prepare", stdout=out, stderr=err)
    assert "faq.md:1: The file: is missing" in err.getvalue()
    assert "goes on with the words it has" in err.getvalue()
    assert "one-time password" in out.getvalue()


def test_prepare_tells_the_password_only_the_first_time(monkeypatch):
    # The command closes its connection to give up its lock; here that would end the test's transaction.
    monkeypatch.setattr("medici_site.management.commands.prepare.connection.close", lambda: None)
    first, second = io.StringIO(), io.StringIO()
    call_command("prepare", stdout=first)
    call_command("prepare", stdout=second)
    assert "one-time password" in first.getvalue()
    assert "one-time password" not in second.getvalue()
    assert "0 created, 0 updated" in second.getvalue()


# -- What a manager does with accounts ----------------------------------------------------------------------------

ACCOUNTS = "/admin/medici_site/user/"
LAST_ONE = "This is the last active account"


@pytest.fixture
def boss():
    return make_user(role="manager", username="boss")


@pytest.fixture
def desk_of_boss(boss):
    client = Client()
    client.force_login(boss)
    return client


def account_data(user=None, **changes):
    """A form as the browser sends it, of an account as it is, or of a new one."""
    values = {"username": "newcomer", "first_name": "", "last_name": "", "email": "", "credentials": "", "groups": []}
    if user:
        values = {name: getattr(user, name) for name in values if name != "groups"}
        values["groups"] = list(user.groups.values_list("pk", flat=True))
        values |= {"is_active": "on"} if user.is_active else {}
    values |= {name: value for name, value in changes.items() if name != "roles"}
    if "roles" in changes:
        values["groups"] = list(Group.objects.filter(name__in=changes["roles"]).values_list("pk", flat=True))
    return {name: value for name, value in values.items() if value is not None}


def roles_of(user):
    return set(user.groups.values_list("name", flat=True))


def change(client, user, **changes):
    response = client.post(f"{ACCOUNTS}{user.pk}/change/", account_data(user, **changes))
    user.refresh_from_db()
    return response


def test_a_new_account_gets_a_password_for_its_first_sign_in(desk_of_boss, client):
    shown = desk_of_boss.post(f"{ACCOUNTS}add/", account_data(roles=["Front desk"], email="new@clinic.example"))
    password = re.search(r"<code>(.+?)</code>", shown.content.decode())[1]
    user = User.objects.get(username="newcomer")
    assert (user.is_staff, user.is_superuser, roles_of(user)) == (True, False, {"Front desk"})
    assert "no-store" in shown.headers["Cache-Control"]
    for url in (ACCOUNTS, f"{ACCOUNTS}{user.pk}/change/", f"{ACCOUNTS}{user.pk}/history/"):
        assert password not in desk_of_boss.get(url).content.decode()
    assert client.login(username="newcomer", password=password)
    assert client.get("/admin/").url == "/admin/password_change/"


def test_a_forgotten_password_is_replaced_by_one_for_one_sign_in(desk_of_boss, client):
    user = make_user(role="editor")
    client.force_login(user)
    url = f"{ACCOUNTS}{user.pk}/password/"
    assert "<code>" not in desk_of_boss.get(url).content.decode()
    assert client.get("/admin/").status_code == 200
    password = re.search(r"<code>(.+?)</code>", desk_of_boss.post(url).content.decode())[1]
    assert client.get("/admin/").status_code == 302, "whoever was signed in with the old password is out"
    assert client.login(username=user.username, password=password)
    assert client.get("/admin/").url == "/admin/password_change/"
    assert "Gave a one-time password" in desk_of_boss.get(f"{ACCOUNTS}{user.pk}/history/").content.decode()


def test_ones_own_password_is_changed_with_the_old_one(desk_of_boss, boss):
    assert desk_of_boss.post(f"{ACCOUNTS}{boss.pk}/password/").url == "/admin/password_change/"
    boss.refresh_from_db()
    assert boss.check_password("a long enough password")


def test_a_crafted_form_gives_nothing_but_roles(desk_of_boss, boss):
    user = make_user(role="front desk")
    single = Permission.objects.get(codename="sign_version").pk
    for one in (user, boss):
        crafted = {"is_superuser": "on", "is_staff": "", "user_permissions": [single], "password": "known", "id": 1}
        assert change(desk_of_boss, one, **crafted).status_code == 302
        assert not one.is_superuser
        assert one.is_staff
        assert not one.user_permissions.exists()
        assert one.check_password("a long enough password")
    desk_of_boss.post(f"{ACCOUNTS}add/", account_data(is_superuser="on", user_permissions=[single]))
    user = User.objects.get(username="newcomer")
    assert not user.is_superuser
    assert not user.user_permissions.exists()


def test_a_group_that_is_no_role_cannot_be_given(desk_of_boss):
    user = make_user(role="front desk")
    other = Group.objects.create(name="Everything")
    other.permissions.set(Permission.objects.all())
    response = change(desk_of_boss, user, groups=[other.pk])
    assert "is not one of the available choices" in response.content.decode()
    assert roles_of(user) == {"Front desk"}


def test_a_manager_gives_others_roles_but_not_themselves(desk_of_boss, boss):
    user = make_user(role="front desk")
    change(desk_of_boss, user, roles=["Manager", "Medical reviewer"])
    assert roles_of(user) == {"Manager", "Medical reviewer"}
    response = change(desk_of_boss, boss, roles=["Manager", "Medical reviewer"])
    assert "You cannot give yourself a role" in response.content.decode()
    assert roles_of(boss) == {"Manager"}


def test_a_superuser_is_out_of_a_managers_reach(desk_of_boss, manager):
    assert change(desk_of_boss, manager, is_active=None).status_code == 403
    assert desk_of_boss.post(f"{ACCOUNTS}{manager.pk}/password/").status_code == 403
    assert manager.is_active
    assert manager.check_password("a long enough password")
    seen = desk_of_boss.get(f"{ACCOUNTS}{manager.pk}/change/").content.decode()
    assert "Everything" in seen
    assert 'type="submit" value="Save' not in seen


@pytest.mark.parametrize("changes", [{"is_active": None}, {"roles": ["Editor"]}])
def test_the_last_manager_cannot_be_locked_out(desk_of_boss, boss, changes):
    changes |= {"groups": []} if "roles" not in changes else {"roles": []}
    response = change(desk_of_boss, boss, **changes)
    assert LAST_ONE in response.content.decode()
    assert boss.is_active
    assert roles_of(boss) == {"Manager"}


def test_an_inactive_manager_does_not_count(desk_of_boss, boss):
    make_user(role="manager", is_active=False)
    assert LAST_ONE in change(desk_of_boss, boss, is_active=None).content.decode()


def test_a_manager_may_go_when_another_stays(desk_of_boss, boss):
    make_user(role="manager")
    assert change(desk_of_boss, boss, is_active=None).status_code == 302
    assert not boss.is_active


def test_the_last_superuser_cannot_be_locked_out(manager_client, manager):
    assert LAST_ONE in change(manager_client, manager, is_active=None).content.decode()
    assert manager.is_active


@pytest.mark.parametrize("missing", ["first_name", "last_name", "credentials"])
def test_a_medical_reviewer_has_a_name_and_credentials(desk_of_boss, missing):
    whole = {"first_name": "Robin", "last_name": "Sample", "credentials": "MD", "roles": ["Medical reviewer"]}
    response = desk_of_boss.post(f"{ACCOUNTS}add/", account_data(**(whole | {missing: ""})))
    assert "A medical reviewer needs this" in response.content.decode()
    assert not User.objects.filter(username="newcomer").exists()
    desk_of_boss.post(f"{ACCOUNTS}add/", account_data(**whole))
    reviewer = User.objects.get(username="newcomer")
    assert "needs this" in change(desk_of_boss, reviewer, **{missing: ""}).content.decode()


def test_user_names_that_differ_in_case_alone_are_refused(desk_of_boss):
    make_user(role="editor", username="Robin")
    response = desk_of_boss.post(f"{ACCOUNTS}add/", account_data(username="robin"))
    assert "There is an account with this user name" in response.content.decode()


def test_passwords_cannot_be_searched_for(desk_of_boss):
    assert desk_of_boss.get(ACCOUNTS, {"password__startswith": "md5"}).status_code == 400


def test_the_list_tells_roles_and_last_sign_in(desk_of_boss, manager, django_assert_max_num_queries):
    for number in range(10):
        make_user(role="front desk", username=f"desk-{number}")
    with django_assert_max_num_queries(9):
        html = desk_of_boss.get(ACCOUNTS).content.decode()
    for words in ("Front desk", "Everything", "Never", "Last sign-in"):
        assert words in html
