"""Staff accounts: the first one, and what a manager can and cannot do with accounts."""

import io
import re
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from appointments.models import Access
from medici_site.accounts.invitations import invite, invite_first
from medici_site.accounts.sessions import SEEN
from medici_site.models import User
from tests.factories import code_now, make_user, sign_in
from tests.stored import tables_with

pytestmark = pytest.mark.django_db


def test_the_first_account_is_made_once_and_led_through_setup(client):
    link = invite_first()
    assert User.objects.get().is_superuser
    assert not User.objects.get().has_usable_password()
    assert client.get(link).status_code == 302
    another = invite_first()
    assert User.objects.count() == 1
    assert client.get(link).status_code == 404, "the link of an earlier start ends"
    assert "Welcome" in client.get(another, follow=True).content.decode()


def test_no_link_is_made_where_somebody_can_sign_in():
    user = make_user(username="manager", is_superuser=False, last_login=timezone.now())
    assert invite_first() is None
    invite(user)
    assert invite_first() is None, "whoever has the machine made a link, and starting the site leaves it alone"
    assert User.objects.count() == 1


def test_no_account_is_made_beside_one_that_waits():
    User.objects.create(username="robin", password="!")
    assert invite_first() is None


def test_whoever_has_the_machine_gets_into_any_account(client):
    user = make_user(username="Robin")
    out = io.StringIO()
    call_command("invite", "robin", stdout=out)
    assert client.get(out.getvalue().strip()).status_code == 302
    assert Access.objects.filter(kind="account", by="command line", detail="new link for: Robin").exists()
    user.refresh_from_db()
    assert not user.has_usable_password()
    for name in ("nobody", ""):
        with pytest.raises(CommandError, match="no active account"):
            call_command("invite", name)


def test_a_mistake_in_a_content_file_does_not_keep_a_published_site_down(monkeypatch, settings, tmp_path):
    monkeypatch.setattr("medici_site.management.commands.prepare.connection.close", lambda: None)
    settings.CONTENT_DIR = tmp_path  # every file is missing
    out, err = io.StringIO(), io.StringIO()
    call_command("prepare", stdout=out, stderr=err)
    assert "faq.md:1: The file: is missing" in err.getvalue()
    assert "goes on with the words it has" in err.getvalue()
    assert "/admin/account/invitation/" in out.getvalue()


def test_prepare_tells_the_link_until_somebody_has_been_in(monkeypatch):
    # The command closes its connection to give up its lock; here that would end the test's transaction.
    monkeypatch.setattr("medici_site.management.commands.prepare.connection.close", lambda: None)
    said = []
    for _ in range(3):
        out = io.StringIO()
        call_command("prepare", stdout=out)
        said.append(re.findall(r"http://\S+/admin/account/invitation/\S+/", out.getvalue()))
        if len(said) == 2:
            User.objects.update(last_login=timezone.now())
    assert "0 created, 0 updated" in out.getvalue()
    assert [len(links) for links in said] == [1, 1, 0]
    assert said[0] != said[1]


# -- What a manager does with accounts ----------------------------------------------------------------------------

ACCOUNTS = "/admin/medici_site/user/"
LAST_ONE = "This is the last active account"


@pytest.fixture
def boss():
    return make_user(role="manager", username="boss")


@pytest.fixture
def desk_of_boss(boss):
    client = Client()
    sign_in(client, boss)
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


def link_in(response) -> str:
    return re.search(r'value="(http://\S+/admin/account/invitation/\S+/)"', response.content.decode())[1]


def test_a_new_account_gets_a_link_for_its_first_sign_in(desk_of_boss, client):
    shown = desk_of_boss.post(f"{ACCOUNTS}add/", account_data(roles=["Front desk"], email="new@clinic.example"))
    link = link_in(shown)
    user = User.objects.get(username="newcomer")
    assert (user.is_staff, user.is_superuser, roles_of(user)) == (True, False, {"Front desk"})
    assert "no-store" in shown.headers["Cache-Control"]
    token = link.split("/")[-2]
    for url in (ACCOUNTS, f"{ACCOUNTS}{user.pk}/change/", f"{ACCOUNTS}{user.pk}/history/"):
        assert token not in desk_of_boss.get(url).content.decode()
    assert tables_with(token) == []
    assert not user.has_usable_password()
    assert "newcomer" in client.get(link, follow=True).content.decode()
    assert "Works until" in desk_of_boss.get(f"{ACCOUNTS}{user.pk}/change/").content.decode()


def test_a_lost_password_or_phone_is_replaced_by_a_link(desk_of_boss, client):
    user = make_user(role="editor")
    sign_in(client, user)
    url = f"{ACCOUNTS}{user.pk}/password/"
    assert "invitation" not in desk_of_boss.get(url).content.decode()
    assert client.get("/admin/").status_code == 200
    link = link_in(desk_of_boss.post(url))
    assert client.get("/admin/").status_code == 302, "whoever was signed in with the old password is out"
    assert not Authenticator.objects.filter(user=user).exists()
    assert not client.login(username=user.username, password="a long enough password")
    assert client.get(link).status_code == 302
    assert "Made a link to sign in" in desk_of_boss.get(f"{ACCOUNTS}{user.pk}/history/").content.decode()
    assert Access.objects.filter(kind="account", by="boss", detail="new link for: editor").exists()


def test_an_open_screen_changes_no_account(desk_of_boss):
    user = make_user(role="front desk")
    with time_machine.travel(time.time() + 20 * 60, tick=False) as clock:
        session = desk_of_boss.session
        session[SEEN] = time.time()
        session.save()
        assert desk_of_boss.get(f"{ACCOUNTS}{user.pk}/change/").status_code == 200
        for address in (f"{ACCOUNTS}{user.pk}/password/", f"{ACCOUNTS}add/", f"{ACCOUNTS}{user.pk}/change/"):
            again = desk_of_boss.post(address, account_data(user, roles=["Editor"]))
            assert again.url.startswith("/admin/account/again/"), address
        assert roles_of(user) == {"Front desk"}
        clock.shift(60)
        desk_of_boss.post(again.url, {"code": code_now(), "next": f"{ACCOUNTS}{user.pk}/change/"})
        assert roles_of(user) == {"Editor"}, "what was typed is sent after"


def test_ones_own_account_has_its_own_page(desk_of_boss, boss):
    assert desk_of_boss.post(f"{ACCOUNTS}{boss.pk}/password/").url == "/admin/account/"
    boss.refresh_from_db()
    assert boss.check_password("a long enough password")


def test_roles_given_and_taken_are_on_record(desk_of_boss):
    user = make_user(role="front desk")
    change(desk_of_boss, user, roles=["Editor"])
    change(desk_of_boss, user)
    (line,) = Access.objects.filter(kind="account", by="boss")
    assert (line.by, line.detail) == ("boss", "changed roles of: front-desk")


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
