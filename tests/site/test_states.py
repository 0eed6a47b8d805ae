"""How far somebody has come in: what is open there, and that no ceremony of one page works on another."""

import json
import threading

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from appointments.models import Access, Tally
from medici_site.accounts import throttle, urls
from medici_site.accounts.views import Adding
from medici_site.models import User
from tests.factories import TOTP_SECRET, code_now, make_user
from tests.passkeys import Passkey
from tests.site.test_sign_in import (
    ACCOUNT,
    CODE,
    PASSWORD,
    SIGN_IN,
    code_of,
    give_code,
    give_password,
    is_in,
    key_on,
    recorded,
)

ADD_APP, ADD_PASSKEY, PASSKEY = f"{ACCOUNT}app/add/", f"{ACCOUNT}passkeys/add/", f"{ACCOUNT}passkeys/sign-in/"
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture(autouse=True)
def _early_in_a_stretch_of_time(request):
    if "stored" not in request.fixturenames:  # which is for what many do at once
        request.getfixturevalue("db")
    with time_machine.travel(1_800_000_015):
        yield


# -- The table -----------------------------------------------------------------------------------------------------

OUT, HALFWAY, BARE, LAPSED, IN = STATES = "out", "halfway", "bare", "lapsed", "in"
NOBODY_IN = {OUT, HALFWAY}
# Written again here, by hand: what the site opens is held against this. All other pages are for those who are in.
OPEN = {
    "account_login": set(STATES) - {IN},
    "account_inactive": set(STATES),
    "start_again": set(STATES),
    "open_invitation": set(STATES),
    "invitation": NOBODY_IN,
    "mfa_authenticate": {HALFWAY},
    "mfa_login_webauthn": NOBODY_IN,
    "mfa_activate_totp": {BARE, IN},
    "mfa_add_webauthn": {BARE, IN},
    "account_reauthenticate": {BARE, IN},
    "session": set(STATES),
    "keep_form": set(STATES),
    "admin:login": set(STATES) - {IN},
    "admin:logout": set(STATES),
    "admin:jsi18n": {BARE, IN},
}
NAMES = [pattern.name for pattern in urls.urlpatterns] + [
    "admin:index", "admin:login", "admin:logout", "admin:jsi18n", "admin:password_change",
    "admin:appointments_evaluationrequest_changelist", "admin:treatments_treatment_changelist",
    "admin:medici_site_user_changelist",
]  # fmt: skip


def address(name):
    for args in ([], ["not-a-token"], [1]):
        try:
            return reverse(name, args=args)
        except NoReverseMatch:
            continue
    raise AssertionError(name)


def somebody(state) -> Client:
    client = Client()
    user = make_user(username="dana", second_factor=state in (HALFWAY, IN))
    if state != OUT:
        give_password(client)
    if state == LAPSED:
        TOTP.activate(user, TOTP_SECRET)
    if state == IN:
        give_code(client)
    return client


def is_refused(response, state) -> bool:
    to = response.headers.get("Location", "")
    if state == BARE:
        return to == ADD_APP
    return to == "/admin/" if state == IN else to.startswith(f"{SIGN_IN}?next=")


@pytest.mark.parametrize("state", STATES)
def test_each_page_is_open_in_its_states_and_closed_in_all_others(state):
    client = somebody(state)
    cookies = client.cookies.copy()
    for name in NAMES:
        for method in ("get", "post", "put", "delete"):
            with transaction.atomic():
                client.cookies = cookies.copy()
                response = getattr(client, method)(address(name), headers={"Accept": "application/json"})
                transaction.set_rollback(True)
            is_open = state in OPEN.get(name, {IN})
            assert is_refused(response, state) is not is_open, (name, method, response.headers.get("Location"))
            assert response.status_code < 500


# -- The first second factor ----------------------------------------------------------------------------------------


def add_app(client):
    return lambda page: client.post(ADD_APP, {"code": code_of(key_on(page))})


def add_passkey(client):
    return lambda page: client.post(
        ADD_PASSKEY, {"name": "Key", "credential": Passkey().registration(creation_options(page))}
    )


def creation_options(page):
    return page.context["js_data"]["creation_options"]


def request_options(page):
    return page.context["js_data"]["request_options"]


ADD = {ADD_APP: add_app, ADD_PASSKEY: add_passkey}


@pytest.mark.parametrize("owners", ADD)
@pytest.mark.parametrize("strangers", ADD)
def test_whoever_knows_the_password_adds_nothing_once_the_owner_has_a_second_factor(owners, strangers):
    user = make_user(username="dana", second_factor=False)
    owner, stranger = Client(), Client()
    for client in (owner, stranger):
        give_password(client)
    of_stranger = stranger.get(strangers)
    assert ADD[owners](owner)(owner.get(owners)).status_code == 302
    before = Authenticator.objects.filter(user=user).count()
    ADD[strangers](stranger)(of_stranger)
    stranger.post(f"{ACCOUNT}again/", {"password": PASSWORD})
    ADD[strangers](stranger)(of_stranger)
    assert not is_in(stranger)
    assert Authenticator.objects.filter(user=user).count() == before
    assert is_in(owner)
    assert UserSession.objects.filter(user=user).count() == 1


def is_locked(user) -> bool:
    """Return whether a transaction holds the row of this account; asks in one of its own."""
    found = []

    def look():
        try:
            with transaction.atomic():
                User.objects.select_for_update(nowait=True).get(pk=user.pk)
        except OperationalError:
            found.append(True)
        finally:
            connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return bool(found)


def test_of_twenty_who_add_the_first_one_at_once_one_stays_in(stored, monkeypatch):
    user = make_user(username="at-once", second_factor=False)
    clients, pages, answered, locked = [Client() for _ in range(20)], [], [], []
    add_at_once = Adding.add

    def add_and_look(view, form):
        locked.append(is_locked(user))
        return add_at_once(view, form)

    monkeypatch.setattr(Adding, "add", add_and_look)
    for client in clients:
        give_password(client, "at-once")
        pages.append(client.get(ADD_PASSKEY))
    together = threading.Barrier(len(clients))

    def add(client, page):
        try:
            together.wait()
            answered.append(add_passkey(client)(page).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=pair) for pair in zip(clients, pages, strict=True)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answered) == len(clients)
        assert set(answered) <= {302, 400}  # 400: the session ended while its page was on its way
        assert all(locked)
        assert Authenticator.objects.filter(user=user, type="webauthn").count() == 1
        assert sum(is_in(client) for client in clients) == 1
    finally:
        user.delete()


def test_a_password_alone_does_not_change_a_second_factor(client):
    make_user(username="dana")
    give_password(client)
    give_code(client)
    with time_machine.travel(1_800_000_015 + 14 * 60):
        assert is_in(client)
    with time_machine.travel(1_800_000_015 + 20 * 60):
        assert client.post(f"{ACCOUNT}again/", {"password": PASSWORD}).url.startswith(f"{ACCOUNT}again/code/")
        assert client.get(ADD_PASSKEY).url.startswith(f"{ACCOUNT}again/")
        assert client.post(f"{ACCOUNT}again/code/", {"code": code_now()}).status_code == 302
        assert client.get(ADD_PASSKEY).status_code == 200


# -- Passkeys ------------------------------------------------------------------------------------------------------


def owner_of(passkey, username="olga"):
    """Make somebody with this passkey, and nothing else beside the password."""
    user, client = make_user(username=username, second_factor=False), Client()
    give_password(client, username)
    answer = passkey.registration(creation_options(client.get(ADD_PASSKEY)))
    assert client.post(ADD_PASSKEY, {"name": "Key", "credential": answer}).status_code == 302
    assert is_in(client)
    return user


def challenge(client):
    return client.get(PASSKEY, **JSON).json()["request_options"]


def test_a_passkey_alone_opens_the_desk(client):
    passkey = Passkey()
    owner = owner_of(passkey)
    client.post(PASSKEY, {"credential": passkey.assertion(challenge(client), owner)})
    assert is_in(client)


@pytest.mark.parametrize(("registered", "claimed"), [(False, False), (False, True), (True, False)])
def test_a_mere_touch_never_opens_the_desk_alone(client, registered, claimed):
    passkey = Passkey(verifies=registered)
    owner = owner_of(passkey)
    client.post(PASSKEY, {"credential": passkey.assertion(challenge(client), owner, verified=claimed)})
    assert not is_in(client)


def test_a_mere_touch_is_a_second_factor(client):
    passkey = Passkey(verifies=False)
    owner = owner_of(passkey)
    assert give_password(client, "olga").url == CODE
    client.post(CODE, {"credential": passkey.assertion(request_options(client.get(CODE)), owner)})
    assert is_in(client)


@pytest.mark.parametrize("verified", [False, True])
def test_a_challenge_of_somebody_elses_second_factor_opens_no_other_account(client, verified):
    """The attack: one's own password brings a challenge that a touch answers, and it is answered for somebody else."""
    theirs, own = Passkey(verifies=verified), Passkey(verifies=False)
    victim = owner_of(theirs)
    owner_of(own, "dana")
    give_password(client)
    options = request_options(client.get(CODE))
    with time_machine.travel(1_800_000_015 + 16 * 60):  # the pending sign-in has lapsed, and the challenge with it
        client.post(PASSKEY, {"credential": theirs.assertion(options, victim)})
        assert not is_in(client)


@pytest.mark.parametrize(("later", "works"), [(4 * 60, True), (6 * 60, False)])
def test_a_challenge_is_good_for_five_minutes(client, later, works):
    passkey = Passkey()
    owner = owner_of(passkey)
    answer = passkey.assertion(challenge(client), owner)
    with time_machine.travel(1_800_000_015 + later):
        client.post(PASSKEY, {"credential": answer})
        assert is_in(client) is works


def test_an_answer_works_once(client):
    passkey = Passkey()
    owner = owner_of(passkey)
    answer = passkey.assertion(challenge(client), owner)
    client.post(PASSKEY, {"credential": answer})
    assert is_in(client)
    other = Client()
    other.cookies = client.cookies.copy()
    client.post("/admin/logout/")
    other.post(PASSKEY, {"credential": answer})
    assert not is_in(other)


def test_the_challenge_of_the_sign_in_forgets_the_first_half_of_another(client):
    make_user(username="dana")
    give_password(client)
    challenge(client)
    assert client.get(CODE).url.startswith(SIGN_IN)


def spoiled(answer):
    """Give the name of each part of an answer of a passkey, and ways to spoil it."""
    for within, part in (("", json.loads(answer)), ("response", json.loads(answer)["response"])):
        for name in part:
            for other in (None, 7, [], {}, "", "!", "AAAA", "ÿ", "A" * 5000):
                yield name, lambda part, name=name, other=other: part | {name: other}, within
            yield name, lambda part, name=name: {key: part[key] for key in part if key != name}, within


def spoil(answer, change, within):
    whole = json.loads(answer)
    return json.dumps(whole | {within: change(whole[within])} if within else change(whole))


SIGNIFICANT = {"rawId", "response", "clientDataJSON", "authenticatorData", "signature", "userHandle"}


def test_a_spoiled_answer_opens_nothing_and_breaks_nothing(client, monkeypatch):
    monkeypatch.setattr(throttle, "PASSKEY", throttle.PASSKEY._replace(times=10_000))
    passkey = Passkey()
    owner = owner_of(passkey)
    for name, *how in spoiled(passkey.assertion(challenge(client), owner)):
        answer = spoil(passkey.assertion(challenge(client), owner), *how)
        assert client.post(PASSKEY, {"credential": answer}).status_code == 302
        assert not (name in SIGNIFICANT and is_in(client)), answer
        client = Client()
    make_user(username="dana", second_factor=False)
    give_password(client)
    page = client.get(ADD_PASSKEY)
    for name, *how in spoiled(Passkey().registration(creation_options(page))):
        answer = spoil(Passkey().registration(creation_options(page)), *how)
        if name in SIGNIFICANT | {"attestationObject"}:
            page = client.post(ADD_PASSKEY, {"credential": answer})
            assert page.status_code == 200, answer


@pytest.mark.parametrize(
    "credential", ["", "{}", '{"id": "a"}', "[" * 900, '{"id": 1, "response": []}', '"x"', "null", "0"]
)
def test_nonsense_opens_nothing_and_breaks_nothing(client, credential):
    challenge(client)
    assert client.post(PASSKEY, {"credential": credential}).status_code == 302
    make_user(username="dana")
    give_password(client)
    client.get(CODE)
    assert client.post(CODE, {"credential": credential}).status_code == 200


# -- Strangers leave little ------------------------------------------------------------------------------------------


def test_tries_with_passkeys_end_and_leave_one_line(client):
    sessions = Session.objects.count()
    for _ in range(150):
        last = Client().get(PASSKEY, **JSON)
        client.post(PASSKEY, {"credential": "{}"})
    assert last.status_code == 429
    assert len(recorded(Access.Kind.NOT_LET_IN)) == 1
    assert Session.objects.count() - sessions <= throttle.PASSKEY.times
    assert "Too many tries" in client.get(SIGN_IN).content.decode()


def test_made_up_names_end_and_leave_little(client):
    for number in range(throttle.ALL_ACCOUNTS.times + 60):
        if number == throttle.ALL_ACCOUNTS.times:
            rows = Tally.objects.count()
        page = give_password(client, f"name{number}")
    assert "Too many tries" in page.content.decode()
    assert Tally.objects.count() == rows
    assert len(recorded(Access.Kind.NOT_LET_IN)) == 1


def test_a_look_at_the_sign_in_leaves_nothing():
    sessions = Session.objects.count()
    for address_of_page in (SIGN_IN, CODE, f"{ACCOUNT}invitation/", "/admin/", ADD_APP):
        Client().get(address_of_page)
    assert Session.objects.count() == sessions


def test_sessions_that_are_over_are_cleared(client):
    make_user(username="dana")
    give_password(client)
    with time_machine.travel(1_800_000_015 + 13 * 60 * 60):
        call_command("clearsessions")
        assert not Session.objects.exists()


@pytest.mark.parametrize("headers", [JSON, {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}])
def test_no_answer_repeats_a_password(client, headers):
    make_user(username="dana")
    for password in ("a wrong password", PASSWORD):
        page = give_password(client, password=password, **headers)
        assert "json" not in page.headers["Content-Type"]
        assert password not in page.content.decode()
