"""Coming in and going out: the link, the password, the second factor, the throttle, the session and the record."""

import re
import statistics
import time
from html import unescape

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.db.models import TextField, Value
from django.test import Client

from appointments import kept_forms, privacy
from appointments.models import Access, KeptForm
from medici_site.accounts import invitations
from medici_site.accounts.invitations import invite
from medici_site.models import Invitation, SecondFactorSecret, User
from tests.factories import code_now, make_request, make_user
from tests.factories import sign_in as put_in
from tests.stored import rows_of_every_table, tables_with

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
OWN = "four walnuts under a quiet bridge"
SIGN_IN, CODE, ACCOUNT = "/admin/login/", "/admin/account/code/", "/admin/account/"
INVITATION = f"{ACCOUNT}invitation/"
QUEUE = "/admin/appointments/evaluationrequest/"
WRONG, WAIT = "is not right", "Too many tries"


@pytest.fixture(autouse=True)
def _early_in_a_stretch_of_time():
    """What is counted in fifteen minutes begins anew on the clock, and not in the middle of a test."""
    with time_machine.travel(1_800_000_015):
        yield


@pytest.fixture
def user():
    return make_user(role="front desk", username="dana")


def give_password(client, username="dana", password=PASSWORD, **headers):
    return client.post(SIGN_IN, {"login": username, "password": password}, **headers)


def choose_password(client, password=OWN):
    return client.post(INVITATION, {"new_password1": password, "new_password2": password})


def give_code(client, code=None):
    return client.post(CODE, {"code": code or code_now()})


def sign_in(client, username="dana"):
    assert give_password(client, username).url == CODE
    response = give_code(client)
    assert response.status_code == 302, response.content.decode()
    return response


def is_in(client) -> bool:
    response = client.get("/admin/")
    assert response.status_code in (200, 302)
    return response.status_code == 200


def key_on(page) -> str:
    return re.search(r'<code class="key">(\w+)</code>', page.content.decode())[1]


def code_of(secret, later=0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def recorded(kind):
    return [(line.by, line.detail) for line in Access.objects.filter(kind=kind).order_by("pk")]


# -- The second factor ---------------------------------------------------------------------------------------------


def test_a_password_and_a_code_open_the_desk(client, user):
    assert give_password(client).url == CODE
    assert not is_in(client)
    assert client.get(QUEUE).url.startswith(SIGN_IN)
    assert give_code(client, "000000").status_code == 200
    assert not is_in(client)
    assert give_code(client).status_code == 302
    assert is_in(client)
    assert client.get(QUEUE).status_code == 200


@pytest.mark.parametrize("role", ["front desk", "editor", "medical reviewer", "manager", None])
def test_without_a_second_factor_a_password_leads_to_setting_one_up_and_nowhere_else(client, role):
    make_user(role=role, username="dana", second_factor=False)
    make_request()
    assert give_password(client).status_code == 302
    for url in (
        "/admin/",
        QUEUE,
        "/admin/treatments/treatment/",
        "/admin/password_change/",
        ACCOUNT,
        f"{ACCOUNT}kept/",
    ):
        response = client.get(url)
        assert (response.status_code, response.headers.get("Location")) == (302, f"{ACCOUNT}app/add/"), url
    assert client.post(f"{QUEUE}export/").status_code == 302
    page = client.get(f"{ACCOUNT}app/add/")
    assert page.status_code == 200
    assert client.post("/admin/logout/").status_code == 200


def test_a_code_works_once_however_it_is_written(user):
    code = code_now()
    sign_in(Client())
    for again in (code, f"{code[:3]} {code[3:]}", f" {code} ", f"{code[:3]}-{code[3:]}", as_full_width(code)):
        other = Client()
        give_password(other)
        assert WRONG in give_code(other, again).content.decode(), again
        assert not is_in(other)


def as_full_width(digits):
    return "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in digits)


def test_a_used_code_stays_used_for_as_long_as_it_would_be_right(user):
    with time_machine.travel(1_800_000_015, tick=False) as clock:
        code = code_now()
        sign_in(Client())
        clock.shift(40)
        other = Client()
        give_password(other)
        assert WRONG in give_code(other, code).content.decode()
        assert give_code(other).status_code == 302


@pytest.mark.parametrize(("later", "works"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_wrong(client, user, later, works):
    with time_machine.travel(1_800_000_015, tick=False):
        give_password(client)
        give_code(client, code_now(later))
        assert is_in(client) is works


def test_wrong_codes_end_after_five_and_the_owner_gets_in_from_a_known_browser(client, user):
    sign_in(client)
    client.post("/admin/logout/")
    with time_machine.travel(time.time() + 90):
        thief = Client(REMOTE_ADDR="192.0.2.1")
        give_password(thief)
        for _ in range(5):
            assert WRONG in give_code(thief, "000000").content.decode()
        assert WAIT in give_code(thief).content.decode()
        assert not is_in(thief)
        assert recorded("not let in") == [("dana", "wrong code")] * 5
        sign_in(client)


def test_twenty_wrong_codes_in_a_day_are_all_that_strangers_get(user):
    with time_machine.travel(1_800_057_600, tick=False) as clock:  # the day of the counts begins
        wrong = 0
        for number in range(20):
            thief = Client(REMOTE_ADDR=f"192.0.2.{number}")
            give_password(thief)
            wrong += sum(WRONG in give_code(thief, "000000").content.decode() for _ in range(4))
            clock.shift(16 * 60)
        assert wrong == 20


def test_a_used_code_counts_as_wrong_and_is_on_record(user):
    with time_machine.travel(1_800_000_015, tick=False) as clock:
        code = code_now()
        sign_in(Client())
        clock.shift(31)
        other = Client()
        give_password(other)
        for _ in range(4):
            give_code(other, "000000")
        assert WRONG in give_code(other, code).content.decode()
        assert WAIT in give_code(other).content.decode()
        assert recorded("not let in")[-1] == ("dana", "used code")


def test_a_code_that_added_the_app_does_not_open_the_desk_again(client):
    user = make_user(role="front desk", username="dana", second_factor=False)
    client.get(invite(user))
    choose_password(client)
    code = code_of(key_on(client.get(f"{ACCOUNT}app/add/")))
    client.post(f"{ACCOUNT}app/add/", {"code": code})
    assert is_in(client)
    other = Client()
    give_password(other, password=OWN)
    assert WRONG in give_code(other, code).content.decode()


def test_a_second_factor_added_elsewhere_opens_nothing_here(user):
    Authenticator.objects.all().delete()
    here, elsewhere = Client(), Client()
    for one in (here, elsewhere):
        give_password(one)
    elsewhere.post(f"{ACCOUNT}app/add/", {"code": code_of(key_on(elsewhere.get(f"{ACCOUNT}app/add/")))})
    assert is_in(elsewhere)
    for url in (QUEUE, ACCOUNT, f"{ACCOUNT}kept/"):
        assert here.get(url).url.startswith(SIGN_IN)


@pytest.mark.parametrize("act", ["password", "lock"])
def test_the_first_half_of_a_sign_in_ends_with_the_password_or_the_account(client, user, act):
    give_password(client)
    if act == "password":
        user.set_password(OWN)
    else:
        user.is_active = False
    user.save()
    give_code(client)
    assert not is_in(client)
    assert recorded("signed in") == []


def test_the_next_person_at_the_same_computer_starts_again(client, user):
    make_user(role="front desk", username="kim")
    give_password(client)
    assert client.get(SIGN_IN).url == CODE
    assert client.post(f"{ACCOUNT}start-again/").url == SIGN_IN
    assert give_password(client, "kim").url == CODE
    invite(User.objects.get(username="kim"))
    assert client.get(CODE).url == SIGN_IN, "whose second factor was taken away comes in by the link alone"
    assert client.get(SIGN_IN).status_code == 200


def test_setting_up_by_the_link_as_the_page_leads(client, django_capture_on_commit_callbacks):
    user = make_user(role="front desk", username="dana", second_factor=False)
    link = invite(user)
    assert client.get(link).url == INVITATION
    assert "at least 12" in choose_password(client, "short").content.decode()
    response = choose_password(client)
    page = client.get(response.url, follow=True)
    assert page.redirect_chain[-1][0] == f"{ACCOUNT}app/add/"
    secret = key_on(page)
    assert "data:image/svg+xml" in page.content.decode()
    wrong = client.post(f"{ACCOUNT}app/add/", {"code": "000000"})
    assert WRONG in wrong.content.decode()
    assert secret in wrong.content.decode(), "the app that was pointed at the square goes on showing the right codes"
    right = code_of(secret)
    with django_capture_on_commit_callbacks(execute=True):
        codes_page = client.post(f"{ACCOUNT}app/add/", {"code": right})
    assert codes_page.url == f"{ACCOUNT}codes/"
    codes = re.findall(r"<code>(\d{4}) (\d{4})</code>", client.get(codes_page.url).content.decode())
    assert len(codes) == len(set(codes)) == 10
    again = client.get(codes_page.url).content.decode()
    assert "<code>" not in again, "they are shown once"
    assert client.get(QUEUE).status_code == 200
    assert client.get(link).status_code == 404, "the link worked once"

    own = Client()
    for code, works in ((codes[0], True), (codes[0], False), (codes[1], True)):
        own = Client()
        give_password(own, password=OWN)
        give_code(own, " ".join(code))
        assert is_in(own) is works
    assert "8 are left" in client.get(ACCOUNT).content.decode()
    assert recorded("account") == [("dana", "added: authenticator app"), ("dana", "added: recovery codes")]
    assert [detail for _, detail in recorded("signed in")] == [
        "by a link",
        "with recovery codes",
        "with recovery codes",
    ]


def test_the_key_of_an_app_that_is_being_added_is_encrypted_too(client):
    make_user(role="front desk", username="dana", second_factor=False)
    give_password(client)
    key = key_on(client.get(f"{ACCOUNT}app/add/"))
    assert not any(key in rows for rows in rows_of_every_table().values())


def test_secrets_are_encrypted_and_go_with_the_second_factor(user):
    assert "JBSWY3DPEHPK3PXP" not in "".join(rows_of_every_table().values())
    assert tables_with("JBSWY3DPEHPK3PXP") == ["medici_site_secondfactorsecret"]
    Authenticator.objects.filter(user=user).delete()
    assert not SecondFactorSecret.objects.exists()


def test_a_secret_whose_key_is_missing_lets_nobody_in(client, user, settings):
    settings.ENCRYPTION_KEYS = {"another": b"k" * 32}
    give_password(client)
    client.raise_request_exception = False
    for code in ("000000", code_now(), "328482"):  # the last one is of an empty secret
        assert give_code(client, code).status_code == 500
    assert not is_in(client)


def test_a_while_after_coming_in_one_proves_again_who_one_is(client, user):
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(client)
        assert client.get(f"{ACCOUNT}codes/new/").status_code == 200
        for _ in range(2):
            clock.shift(10 * 60)
            assert is_in(client)
        for address in ("codes/new/", "app/move/", "app/remove/", "passkeys/add/"):
            assert client.get(f"{ACCOUNT}{address}").url.startswith(f"{ACCOUNT}again/"), address
        again = f"{ACCOUNT}again/code/"
        assert client.get(f"{ACCOUNT}again/").url.startswith(again), "a password may be known to others"
        assert WRONG in client.post(again, {"code": "000000"}).content.decode()
        client.post(again, {"code": code_now()})
        assert client.get(f"{ACCOUNT}codes/new/").status_code == 200


def test_the_last_second_factor_stays(client, user):
    sign_in(client)
    page = client.post(f"{ACCOUNT}app/remove/").content.decode()
    assert "Add another first" in page
    assert Authenticator.objects.filter(user=user, type="totp").exists()
    passkey = Authenticator.objects.create(user=user, type="webauthn", data={"name": "Key"})
    Authenticator.objects.filter(user=user, type="totp").delete()
    client.post(f"{ACCOUNT}passkeys/{passkey.pk}/remove/")
    assert Authenticator.objects.filter(pk=passkey.pk).exists()


def test_the_app_is_moved_to_a_new_phone_and_the_old_one_works_until_then(client, user):
    sign_in(client)
    move = f"{ACCOUNT}app/move/"
    secret = key_on(client.get(move))
    assert WRONG in client.post(move, {"code": code_now()}).content.decode()
    other = Client()
    give_password(other)
    assert give_code(other, code_now(1)).status_code == 302, "nothing has changed yet"
    assert client.post(move, {"code": code_of(secret)}).status_code == 302
    for code, works in ((code_now(-1), False), (code_of(secret, 1), True)):
        other = Client()
        give_password(other)
        give_code(other, code)
        assert is_in(other) is works
    assert is_in(client)


def test_nobody_removes_the_passkey_of_another(client, user):
    other = make_user(role="editor")
    passkey = Authenticator.objects.create(user=other, type="webauthn", data={"name": "Key"})
    sign_in(client)
    assert client.post(f"{ACCOUNT}passkeys/{passkey.pk}/remove/").status_code == 404


# -- The link ------------------------------------------------------------------------------------------------------


def changed(text, place):
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


def test_no_link_but_the_right_one_works_and_all_others_are_answered_alike(client, settings, user):
    link = invite(user)
    token = link.split("/")[-2]
    answers = set()
    for wrong in (changed(token, 0), changed(token, 20), changed(token, 42), token[:-1], token + "A", "x"):
        response = client.get(link.replace(token, wrong))
        assert response.status_code == 404
        answers.add(response.content)
    with time_machine.travel(time.time() + 72 * 3600 + 1):
        answers.add(client.get(link).content)
    user.is_active = False
    user.save()
    answers.add(client.get(link).content)
    user.is_active = True
    user.save()
    with time_machine.travel(time.time() + 72 * 3600 - 60):
        assert client.get(link).url == INVITATION
    choose_password(client)
    client.logout()
    answers.add(client.get(link).content)
    answers.add(choose_password(client).content)
    answers.add(Client().get(INVITATION).content)
    assert len(answers) == 1
    assert not Invitation.objects.exists()


def test_guessing_links_ends(client, user):
    link = invite(user)
    for number in range(30):
        assert client.get(f"{ACCOUNT}invitation/guess-{number}/").status_code == 404
    assert client.get(f"{ACCOUNT}invitation/guess/").status_code == 429
    assert client.get(link).url == INVITATION, "whoever has a right one is let in"


def test_of_two_who_use_a_link_at_once_one_gets_in(user):
    token = invite(user).split("/")[-2]
    one, two = invitations.find(token), invitations.find(token)
    assert invitations.use(one, OWN)
    assert not invitations.use(two, OWN[::-1])
    assert User.objects.get(pk=user.pk).check_password(OWN)


def test_the_link_stands_in_no_log_while_it_works(client, user, caplog):
    link = invite(user)
    client.get(link)
    choose_password(client, "short")
    strict = Client(enforce_csrf_checks=True)
    strict.get(link)
    assert strict.post(INVITATION, {"new_password1": OWN, "new_password2": OWN}).status_code == 403
    assert client.get(link).url == INVITATION, "it still works"
    assert "account/invitation/" in caplog.text
    assert link.split("/")[-2] not in caplog.text


def test_a_manager_who_follows_a_link_by_mistake_is_signed_out_on_record(client, user):
    make_user(role="manager")
    sign_in(client, "manager")
    client.get(invite(user))
    assert recorded("signed out") == [("manager", "")]
    assert "as <strong>dana" in client.get(INVITATION).content.decode()


# -- Passwords: NIST SP 800-63B -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("elevenchars", False),
        ("twelvechars!", True),
        ("all lower case words", True),
        ("ключ под старым ковриком", True),
        ("one with 🐿️ in the middle", True),
        ("walnut bridge quiet spoon " * 5, True),
        (("walnut bridge quiet spoon " * 40)[:1024], True),
        (("walnut bridge quiet spoon " * 40)[:1025], False),
        ("aaaaaaaaaaaaaaaa", False),
        ("abcabcabcabcabc", False),
        ("qponmlkjihgfedcba", False),
        ("password1234", False),
        ("medicispine2026", False),
        ("Medici-Orthopaedics", False),
        ("SpineFusion2026!", False),
        ("spine and a walnut tree", True),
        ("dana.sample@clinic", False),
        ("123456789012", False),
        ("iloveyou1234", False),
        ("letmeinletmein", False),
        ("p@ssw0rd1234", False),
        ("administrator1", False),
        ("frontdesk2026", False),
        ("Front-Desk-2026", False),
        ("qwertyuiop[]", False),
        ("jennifer19850412", False),
    ],
)
def test_passwords(password, is_good):
    user = make_user(username="dana.sample", email="dana.sample@clinic.example")
    try:
        validate_password(password, user)
    except ValidationError:
        assert not is_good
    else:
        assert is_good


def test_the_site_hashes_with_argon2():
    from medici_site.settings import PASSWORD_HASHERS

    assert PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    user = User(username="x")
    user.set_password(PASSWORD)
    assert identify_hasher(user.password)


# -- Guessing ------------------------------------------------------------------------------------------------------


def said_by(response) -> str:
    html = response.content.decode()
    return re.sub(r'value="[^"]*"', "", html[html.index("<main") :])


def test_whether_there_is_an_account_cannot_be_told(user):
    make_user(role="editor", username="gone", is_active=False)
    invite(make_user(role="editor", username="new"))
    tries = [("dana", "wrong"), ("DANA", "wrong"), ("gone", "wrong"), ("gone", PASSWORD), ("new", "!"), ("nobody", "x")]
    said = {said_by(give_password(Client(), *one)) for one in tries}
    assert len(said) == 1
    assert WRONG in said.pop()
    said = set()
    for name in ("dana", "nobody"):
        for _ in range(6):
            response = give_password(Client(), name, "wrong")
        said.add(said_by(response))
        assert WAIT in response.content.decode()
    assert len(said) == 1


def test_the_time_tells_nothing_either(user, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    user.set_password(PASSWORD)
    user.save()
    times = {"dana": [], "nobody": []}
    for number in range(8):
        for name, took in times.items():
            begin = time.process_time()
            give_password(Client(), name, "wrong", REMOTE_ADDR=f"192.0.2.{number}")
            took.append(time.process_time() - begin)
    known, unknown = (statistics.median(took) for took in times.values())
    assert known == pytest.approx(unknown, rel=0.5), "a password that is not hashed at all takes a twentieth"


def test_guessing_from_one_place_ends_and_the_owner_gets_in_from_another(user):
    for _ in range(50):
        give_password(Client(), password="wrong", REMOTE_ADDR="192.0.2.1")
    assert WAIT in give_password(Client(), REMOTE_ADDR="192.0.2.1").content.decode()
    assert give_password(Client(), REMOTE_ADDR="192.0.2.2").url == CODE


def test_guessing_from_everywhere_ends_and_the_owner_gets_in_from_a_known_browser(client, user):
    sign_in(client)
    client.post("/admin/logout/")
    for number in range(40):
        give_password(Client(), password="wrong", REMOTE_ADDR=f"192.0.2.{number}")
    assert WAIT in give_password(Client(), REMOTE_ADDR="192.0.2.99").content.decode()
    assert give_password(client).url == CODE
    assert give_password(Client(), make_user(role="editor").username, REMOTE_ADDR="192.0.2.99").url == CODE


def test_a_visitor_behind_the_same_address_does_not_lock_the_desk_out(client, user):
    sign_in(client)
    client.post("/admin/logout/")
    for number in range(120):
        give_password(Client(), f"guess {number}", "wrong")
        give_password(Client(), password="wrong")
    assert WAIT in give_password(Client()).content.decode()
    assert give_password(client).url == CODE


def test_a_known_browser_guesses_no_faster(client, user):
    sign_in(client)
    client.post("/admin/logout/")
    for _ in range(5):
        assert WRONG in give_password(client, password="wrong").content.decode()
    assert WAIT in give_password(client).content.decode()
    client.cookies["known_browser"] = client.cookies["known_browser"].value[:-2] + "xx"
    assert give_password(client).url == CODE, "a forged cookie is none, and this address has not tried"


def test_all_ways_of_writing_a_name_count_together(user):
    make_user(role="editor", username="nina")
    for name in ("nina", "NINA", "nına", "NıNa", "Nina"):
        give_password(Client(), name, "wrong")
    assert WAIT in give_password(Client(), "nına", PASSWORD).content.decode()


@pytest.mark.parametrize("address", ["http://localhost/evil", "//127.0.0.1/", "/treatments/", "/admin\\@evil.example"])
def test_the_way_on_leads_to_the_admin_alone(client, user, address):
    client.post(f"{SIGN_IN}?next={address}", {"login": "dana", "password": PASSWORD, "next": address})
    assert give_code(client).url == "/admin/"


def test_the_old_password_cannot_be_guessed_from_an_open_session(client, user):
    sign_in(client)
    own = {"old_password": "wrong", "new_password1": OWN, "new_password2": OWN}
    for _ in range(5):
        assert client.post("/admin/password_change/", own).status_code == 200
    client.post("/admin/password_change/", own | {"old_password": PASSWORD})
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert recorded("not let in") == [("dana", "wrong password")] * 5


def test_the_wait_is_over_after_fifteen_minutes(user):
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        for _ in range(6):
            give_password(Client(), password="wrong")
        clock.shift(15 * 60)
        assert give_password(Client()).url == CODE


def test_right_passwords_do_not_count(user):
    for _ in range(12):
        assert give_password(Client()).url == CODE
    for _ in range(4):
        give_password(Client(), password="wrong")
    assert give_password(Client()).url == CODE


# -- The session ---------------------------------------------------------------------------------------------------


def test_a_session_gets_a_new_key_and_an_old_cookie_is_dead_after_sign_out(client, user):
    client.get(SIGN_IN)
    client.session["planted"] = True
    client.session.save()
    planted = client.cookies.get("sessionid")
    sign_in(client)
    key = client.cookies["sessionid"].value
    assert planted is None or planted.value != key
    client.post("/admin/logout/")
    client.cookies["sessionid"] = key
    assert not is_in(client)


@pytest.mark.parametrize("act", ["password", "deactivate", "link"])
def test_a_stolen_cookie_is_dead_after(user, act):
    thief, owner = Client(), Client()
    sign_in(thief)
    with time_machine.travel(time.time() + 120):
        sign_in(owner)
        if act == "password":
            own = {"old_password": PASSWORD, "new_password1": OWN, "new_password2": OWN}
            assert owner.post("/admin/password_change/", own).status_code == 302
            assert is_in(owner)
            assert UserSession.objects.filter(user=user).count() == 1
        elif act == "deactivate":
            manager = make_user(role="manager")
            boss = Client()
            sign_in(boss, "manager")
            form = {"username": "dana", "first_name": "", "last_name": "", "email": "", "credentials": "", "groups": []}
            boss.post(f"/admin/medici_site/user/{user.pk}/change/", form)
            assert not User.objects.get(pk=user.pk).is_active
            assert ("manager", "changed") in [(by, detail[:7]) for by, detail in recorded("account")]
            assert manager.is_active
            User.objects.filter(pk=user.pk).update(is_active=True)
        else:
            invite(user)
        assert not is_in(thief)


def test_fifteen_minutes_without_a_touch_and_twelve_hours_end_a_session(client, user):
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(client)
        clock.shift(14 * 60 + 59)
        assert is_in(client)
        clock.shift(15 * 60)
        response = client.get(f"{QUEUE}?show=overdue")
        assert response.url == f"{SIGN_IN}?next={QUEUE}%3Fshow%3Doverdue"
        assert "nobody touched the page" in client.get(response.url).content.decode()
        assert not is_in(client)
        assert recorded("signed out") == [("dana", "left alone")]
        clock.shift(60)
        sign_in(client)
        for _ in range(12 * 6 - 1):
            clock.shift(600)
            assert is_in(client)
        clock.shift(600)
        assert not is_in(client)


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(client, user):
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(client)
        for _ in range(15):
            assert client.get(f"{ACCOUNT}session/", headers={"X-Background": "1"}).status_code == 200
            clock.shift(60)
        assert client.get(f"{ACCOUNT}session/", headers={"X-Background": "1"}).json() == {"seconds": 0}
        assert client.post(f"{ACCOUNT}session/").json() == {"seconds": 0}, "it is too late for a touch"
        assert client.post(f"{QUEUE}search/", headers={"X-Background": "1"}).status_code == 401
        assert not is_in(client)


def test_a_touch_is_told_and_goes_on_from_there(client, user):
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(client)
        clock.shift(600)
        assert client.get(f"{ACCOUNT}session/", headers={"X-Background": "1"}).json() == {"seconds": 300}
        assert client.post(f"{ACCOUNT}session/").json() == {"seconds": 900}
        assert client.delete(f"{ACCOUNT}session/").status_code == 204
        assert not is_in(client)
        assert client.get(f"{ACCOUNT}session/").json() == {"seconds": 0}


# -- What was typed ------------------------------------------------------------------------------------------------


NOTE = "Mrs. Sample asked\r\nfor a call after <b>six</b> & “seven”"


def hidden_fields(html, action):
    form = re.search(rf'<form method="post" action="{action}">(.*?)</form>', html, re.S)[1]
    return {name: unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form)}


def test_a_note_sent_too_late_is_kept_and_sent_again_after_signing_in(client, user):
    request = make_request()
    url = f"{QUEUE}{request.pk}/handle/"
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(client)
        page = client.get(f"{QUEUE}{request.pk}/change/")
        fields = {"act": "note", "text": NOTE, "seen": re.search(r'name="seen" value="([^"]*)"', page.content.decode())}
        fields["seen"] = fields["seen"][1] if fields["seen"] else ""
        clock.shift(3600)
        response = client.post(url, fields, headers={"Referer": f"http://testserver{QUEUE}{request.pk}/change/"})
        assert response.url.startswith(f"{SIGN_IN}?next={QUEUE}{request.pk}/change/")
        assert "is kept" in client.get(response.url).content.decode()
        assert request.notes.count() == 0
        assert "Mrs. Sample" not in "".join(rows_of_every_table().values()), "it is encrypted"

        other = make_user(role="front desk", username="kim")
        elsewhere = Client()
        sign_in(elsewhere, other.username)
        assert "Mrs. Sample" not in elsewhere.get(f"{ACCOUNT}kept/").content.decode()
        kept = KeptForm.objects.get()
        assert elsewhere.post(f"{ACCOUNT}kept/{kept.pk}/").status_code == 404

        clock.shift(60)
        assert sign_in(client).url == f"{ACCOUNT}kept/"
        html = client.get(f"{ACCOUNT}kept/").content.decode()
        again = hidden_fields(html, f"{ACCOUNT}kept/{kept.pk}/")
        assert again["text"] == NOTE
        response = client.post(f"{ACCOUNT}kept/{kept.pk}/", again)
        assert (response.status_code, response.headers["Location"]) == (307, url)
        assert client.post(url, again).status_code == 302
    assert request.notes.get().text.replace("\r\n", "\n") == NOTE.replace("\r\n", "\n")
    assert "sent again at" in client.get(f"{ACCOUNT}kept/").content.decode() or not is_in(client)
    assert not kept_forms.waiting(user).exists()


def ticket_on(page) -> str:
    return re.search(r'data-ticket="([^"]+)"', page.content.decode())[1]


def keep(client, ticket, **changes):
    typed = {"text": NOTE, "kept_page": QUEUE, "kept_action": QUEUE, "kept_ticket": ticket}
    return client.post(f"{ACCOUNT}keep/", typed | changes).status_code


def test_what_was_typed_and_not_sent_is_kept_for_whoever_the_page_was_made_for(client, user):
    """Also when the session is over, in another tab or while the computer slept, and somebody else has come in."""
    make_user(role="front desk", username="kim")
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(client)
        ticket = ticket_on(client.get("/admin/"))
        assert keep(client, ticket) == 204
        clock.shift(3600)
        assert keep(client, ticket) == 204
        client.delete(f"{ACCOUNT}session/")
        assert keep(client, ticket) == 204
        sign_in(client, "kim")
        assert keep(client, ticket) == 204
        assert {one.account for one in KeptForm.objects.all()} == {user}
        assert [one.fields for one in KeptForm.objects.all()] == [[["text", NOTE]]] * 4
        assert keep(client, ticket[:-1] + ("A" if ticket[-1] != "A" else "B")) == 403
        user.is_active = False
        user.save()
        assert keep(client, ticket) == 403


@pytest.mark.parametrize("address", ["https://evil.example/admin/", "//evil.example/", "/somewhere/", "/admin\\@x"])
def test_what_is_kept_is_sent_nowhere_but_to_the_desk(client, user, address):
    sign_in(client)
    ticket = ticket_on(client.get("/admin/"))
    keep(client, ticket, kept_page=address)
    keep(client, ticket, kept_action=address)
    assert not KeptForm.objects.exists()


def test_what_no_button_sent_can_be_read_and_not_be_sent(client, user):
    sign_in(client)
    keep(client, ticket_on(client.get("/admin/")), kept_action="")
    kept = KeptForm.objects.get()
    html = client.get(f"{ACCOUNT}kept/").content.decode()
    assert "Mrs. Sample" in html
    assert "Send it now" not in html
    assert client.post(f"{ACCOUNT}kept/{kept.pk}/").status_code == 404


def test_passwords_and_codes_are_never_kept(client, user):
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(client)
        ticket = ticket_on(client.get("/admin/"))
        for place in ("/admin/password_change/", f"{ACCOUNT}again/", f"{ACCOUNT}app/move/", SIGN_IN):
            keep(client, ticket, kept_page=place, kept_action=place)
            keep(client, ticket, kept_page=place, kept_action="")
        clock.shift(3600)
        own = {"old_password": PASSWORD, "new_password1": OWN, "new_password2": OWN}
        client.post("/admin/password_change/", own)
    assert not KeptForm.objects.exists()


def test_nothing_is_kept_of_a_form_that_comes_from_elsewhere(user):
    strict = Client(enforce_csrf_checks=True)
    put_in(strict, user)
    with time_machine.travel(time.time() + 3600):
        assert strict.post(f"{QUEUE}1/handle/", {"text": NOTE}).status_code == 403
    assert not KeptForm.objects.exists()


def test_what_is_kept_goes_after_twelve_hours_or_when_thrown_away(client, user):
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(client)
        ticket = ticket_on(client.get("/admin/"))
        keep(client, ticket)
        keep(client, ticket)
        client.post(f"{ACCOUNT}kept/{KeptForm.objects.first().pk}/?throw_away")
        assert KeptForm.objects.count() == 1
        clock.shift(12 * 3600 + 1)
        assert keep(client, ticket) == 403
        assert sign_in(client).url != f"{ACCOUNT}kept/"
        assert "Nothing is kept" in client.get(f"{ACCOUNT}kept/").content.decode()
        privacy.purge(by="website")
        assert not KeptForm.objects.exists()


def test_what_was_typed_about_a_patient_goes_with_their_request(client, user):
    one, two = make_request(), make_request()
    sign_in(client)
    ticket = ticket_on(client.get("/admin/"))
    for request in (one, two):
        keep(client, ticket, kept_page=f"{QUEUE}{request.pk}/change/", kept_action="")
    privacy.erase([one], by="sam")
    assert [kept.page for kept in KeptForm.objects.all()] == [f"{QUEUE}{two.pk}/change/"]


def test_no_more_than_twenty_forms_are_kept_for_one_person(user):
    client = Client()
    sign_in(client)
    ticket = ticket_on(client.get("/admin/"))
    for number in range(25):
        keep(client, ticket, text=f"note {number}")
    assert [one.fields[0][1] for one in KeptForm.objects.all()][::-1] == [f"note {number}" for number in range(5, 25)]


def test_what_cannot_be_read_keeps_nobody_out(client, user, settings):
    sign_in(client)
    keep(client, ticket_on(client.get("/admin/")))
    KeptForm.objects.update(fields=Value("v1:gone:AAAA", TextField()))
    assert "Nothing is kept" in client.get(f"{ACCOUNT}kept/").content.decode()


# -- Sessions and the record ---------------------------------------------------------------------------------------


def test_sign_out_elsewhere(user):
    here, there = Client(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"), Client()
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        sign_in(there)
        clock.shift(60)
        sign_in(here)
        html = here.get(ACCOUNT).content.decode()
        assert "Firefox on Windows" in html
        assert html.count("from 127.0.0.1") == 2
        here.post(f"{ACCOUNT}sessions/end/")
        assert is_in(here)
        assert not is_in(there)


def test_coming_in_and_going_out_are_on_record(client, user):
    give_password(client, password="wrong")
    give_password(client, "my password typed here", "wrong")
    sign_in(client)
    client.post("/admin/logout/")
    assert recorded("not let in") == [("dana", "wrong password"), ("", "wrong password")]
    assert recorded("signed in") == [("dana", "with authenticator app")]
    assert recorded("signed out") == [("dana", "")]
    assert tables_with("my password typed here") == []


def test_if_it_cannot_be_put_on_record_nobody_comes_in(client, user, monkeypatch):
    def broken(*args, **kwargs):
        raise DatabaseError

    give_password(client)
    monkeypatch.setattr("appointments.access.Access.objects.create", broken)
    client.raise_request_exception = False
    assert give_code(client).status_code in (500, 503)
    monkeypatch.undo()
    assert recorded("signed in") == []


def test_the_pages_of_an_account_set_no_cookie_for_patients(client):
    for url in ("/", "/treatments/"):
        assert not client.get(url).cookies
