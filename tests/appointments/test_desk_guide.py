"""The guide of the front desk: it can be opened and read, and all that it quotes stands on a real screen."""

import datetime
import html
import re

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from appointments import choices, kept_forms, services
from appointments.models import Access, EvaluationRequest, Message
from appointments.models.statuses import ClosedReason, Status
from medici_site.accounts import throttle
from medici_site.roles import ROLES
from tests.appointments.test_by_phone import begin, save, sign_of
from tests.factories import agree, code_now, make_request, make_user, sign_in
from treatments import readability
from treatments.models import WarningSign

pytestmark = pytest.mark.django_db

DESK = "/admin/appointments/evaluationrequest/"
GUIDE = f"{DESK}guide/"
PASSWORD = "a long enough password"
NAMED = "a|b|button|dt|h1|h2|label|legend|option|span|summary|td|th"


@pytest.fixture
def guide(desk_client) -> str:
    return desk_client.get(GUIDE).content.decode()


@pytest.mark.parametrize(
    ("role", "status"), [("editor", 403), ("medical reviewer", 403), ("front desk", 200), ("manager", 200)]
)
def test_it_opens_for_whoever_sees_requests(client, role, status):
    sign_in(client, make_user(role=role))
    assert client.get(GUIDE).status_code == status


def test_who_may_only_look_at_requests_can_read_it_too(client):
    reader = make_user(role="front desk")
    reader.groups.clear()
    reader.user_permissions.add(Permission.objects.get(codename="view_evaluationrequest"))
    sign_in(client, reader)
    assert client.get(GUIDE).status_code == 200


def test_the_first_page_and_the_queue_lead_to_it(desk_client):
    for address in ("/admin/", DESK):
        assert f'<a href="{GUIDE}">How to work the desk</a>' in desk_client.get(address).content.decode(), address


def test_to_read_it_is_not_on_record(desk_client):
    make_request(name="Sample Unheard-of")
    before = Access.objects.count()
    assert "Unheard-of" not in desk_client.get(GUIDE).content.decode()
    assert Access.objects.count() == before


def test_the_contents_name_every_section_in_its_order(guide):
    contents, sections = guide.split('<div class="told">')
    linked = re.findall(r'<a href="#([\w-]+)">(.*?)</a>', contents)
    assert linked == re.findall(r'<h2 id="([\w-]+)">(.*?)</h2>', sections)
    assert set(re.findall(r'href="#([\w-]+)"', sections)) <= {anchor for anchor, _ in linked}


def test_no_part_of_it_has_the_name_of_something_in_the_frame(guide):
    """The script of the desk would take a section called “keys” for the list of keys."""
    names = re.findall(r' id="([^"]+)"', guide)
    assert len(names) == len(set(names))
    assert not {"keys", "presence"} & set(names)


def test_it_is_easy_to_read(guide, record_property):
    words = guide[guide.index('<div class="told">') :]
    text = html.unescape(strip_tags(re.sub(r"</(?:p|li|h2|h3|dt|dd|td|th)>", "\n", words)))
    grade = readability.grade(text)
    record_property("grade", round(grade, 1))
    assert grade <= 7
    assert readability.long_sentences(text) == []


def test_it_names_every_status_reason_rule_and_role(guide):
    assert re.findall(r'<dt><span class="state">(.*?)</span>', guide) == Status.labels
    assert re.findall(r'<th scope="row"><b class="screen-name">(.*?)</b></th>', guide) == ClosedReason.labels
    assert re.findall(r"<li>“(.*?)”</li>", guide) == choices.WhoMayAnswer.labels
    assert re.findall(r'<th scope="row">([^<]*)</th>', guide) == list(ROLES)


def test_it_says_as_many_days_and_tries_as_the_desk_counts(guide):
    text = " ".join(_text(guide).split())
    words, days = {2: "two", 3: "three", 5: "five", 10: "ten"}, services.NEXT_TRY_DAYS
    assert f"After {words[services.MOST_TRIES]} tries: the letter" in text
    assert f"{services.MOST_TRIES} tries in vain: stop calling." in text
    assert f"It comes back {words[days['left message']]} open days later" in text
    assert (days["no answer"], days["wrong number"]) == (1, 1)
    assert f"It comes back {words[services.WAIT_DAYS]} open days later. Meanwhile" in text
    assert f"{words[services.LETTER_DAYS].title()} open days later, the request comes back" in text
    assert f"up to {services.LATEST_TRY.days} days ahead" in text
    assert f"for {services.UNDO_WITHIN.seconds // 60} minutes after your click" in text


def test_it_explains_all_that_the_queue_can_say_to_do(guide, desk_client):
    walk = Walk(desk_client)
    _see_requests(walk)
    explained = {_plain(step) for step in re.findall(r'<dt><b class="screen-name">(.*?)</b></dt>', guide)}
    said = {_plain(step) for screen in walk.seen for step in re.findall(r"<td><b>([^<]+)</b>", screen)}
    assert {step for step in explained if not any(_is(one, step) for one in said)} == set()
    assert {one for one in said if not any(_is(one, step) for step in explained)} == set()


def test_it_names_the_keys_as_the_desk_does(guide, desk_client):
    request = make_request()
    pages = [desk_client.get(address).content.decode() for address in (DESK, f"{DESK}{request.pk}/change/")]
    told = _keys(guide)
    assert len(told) > 10
    assert told == [key for page in pages for key in _keys(page)]


def _keys(page: str) -> list[tuple[str, str]]:
    return re.findall(r"<dt>(<kbd>.*?</kbd>)</dt><dd>(.*?)</dd>", page)


def test_all_that_it_quotes_is_on_a_screen(guide, screens):
    known = {_plain(name) for screen in screens for name in _names(screen)}
    quoted = {_plain(name) for name in re.findall(r'<b class="(?:button|screen)-name">(.*?)</b>', guide)}
    assert len(quoted) > 120
    assert {one for one in quoted if not any(_is(name, one) for name in known)} == set()

    read = [_plain(screen) for screen in screens]
    sentences = {_plain(words) for words in re.findall("“(.+?)”", _text(guide[guide.index('<div class="told">') :]))}
    assert len(sentences) > 8
    assert {words for words in sentences if not any(words in screen for screen in read)} == set()


def _text(page: str) -> str:
    return html.unescape(strip_tags(page))


def _plain(name: str) -> str:
    return " ".join(_text(name).split()).rstrip(":.").casefold()


def _is(name: str, quoted: str) -> bool:
    """Three dots stand for what differs from time to time, such as a number of days."""
    return name == quoted or (quoted.endswith(" …") and name.startswith(quoted[:-1]))


def _names(screen: str) -> list[str]:
    """What can be pressed, and the headings, labels and words of lists, as the eye sees them on a screen."""
    screen = re.sub(r'<span class="(?:visually-hidden|count)">.*?</span>|<kbd>.*?</kbd>', "", screen)
    tags = [name for tag in NAMED.split("|") for name in re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", screen, re.S)]
    tags = [re.sub(r"^\s*<b>\d+</b>", "", name) for name in tags]  # how many there are at the moment
    return tags + re.findall(r'<input type="submit"[^>]*value="([^"]+)"', screen)


class Walk:
    """Goes through the site, and keeps every screen that it sees."""

    def __init__(self, client):
        self.client = client
        self.seen = [(settings.BASE_DIR / "static/staff/idle.js").read_text()]

    def see(self, address, *, sent=None, status=200, client=None):
        client = client or self.client
        answer = client.get(address, follow=True) if sent is None else client.post(address, sent, follow=True)
        assert answer.status_code == status, address
        self.seen.append(answer.content.decode())

    def open(self, request):
        self.see(f"{DESK}{request.pk}/change/")

    def do(self, request, **sent):
        self.see(f"{DESK}{request.pk}/handle/", sent=sent)


@pytest.fixture
def screens(desk_client, manager_client, django_capture_on_commit_callbacks):
    """Every screen that the guide tells of, as the person sees it who works there."""
    walk = Walk(desk_client)
    for address in (DESK, f"{DESK}next/"):  # while there is nothing to do
        walk.see(address)
    _see_requests(walk)
    walk.see(DESK, client=manager_client)
    _take_one_by_phone(walk)
    _come_in(walk, django_capture_on_commit_callbacks)
    return walk.seen


def _see_requests(walk):
    past, soon = (timezone.localdate() + datetime.timedelta(days=days) for days in (-4, 4))
    urgent = make_request(
        for_whom="other", helper_name="Sample Helper", needs_same_day_call=True, reply_by=past, may_text=True,
        may_leave_message=True, access_needs=["interpreter"], language="Sample", needs="Sample", times_to_avoid="Never",
        email="sample@mail.example",
    )  # fmt: skip
    make_request(may_text=True, reply_by=soon)
    tried, told, written, waiting, back, reached, agreed, passed, timeless, closed = (
        make_request(may_leave_message=True, reply_by=soon) for _ in range(10)
    )
    for request in (tried, written):
        for _ in range(services.MOST_TRIES):
            walk.do(request, act="contact", value="no answer")
    walk.see(f"{DESK}{tried.pk}/letter/")
    walk.do(written, act="letter")
    walk.do(told, act="contact", value="left message")
    for request in (waiting, back):
        walk.open(request)
        walk.do(request, act="move", value="waiting")
    walk.do(reached, act="contact", value="reached")
    for request in (agreed, passed):
        agree(request)
        walk.open(request)
    walk.do(closed, act="close", reason="not reached")
    walk.open(make_request(suspicion="too fast"))

    # Time goes by.
    asked = EvaluationRequest.objects
    asked.filter(pk__in=[written.pk, told.pk, back.pk]).update(next_try_on=past)
    asked.filter(pk=passed.pk).update(scheduled_for=timezone.now() - datetime.timedelta(hours=1))
    asked.filter(pk=timeless.pk).update(status=Status.SCHEDULED)  # as an earlier release left it
    for state in (Message.State.QUEUED, Message.State.FAILED):
        mail = Message.objects.filter(request=urgent)
        mail.update(state=state, due_at=timezone.now() - datetime.timedelta(days=1))
        walk.see(f"{DESK}morning/")

    # A colleague has it open, and does something meanwhile.
    colleague = Client()
    sign_in(colleague, make_user(role="front desk", username="colleague"))
    colleague.get(f"{DESK}{urgent.pk}/change/")
    walk.open(urgent)
    walk.see(f"{DESK}{urgent.pk}/handle/?seen=0", sent={"act": "give", "value": "nobody"}, status=409)

    walk.see(f"{DESK}views/", sent={"show": "now", "name": "Sample view"})
    shown = ("all", "spam", "now", "all&status=new")
    pages = ("day/", "retention/", f"{urgent.pk}/print/", f"{urgent.pk}/beside/{tried.pk}/")
    for address in ("/admin/", *(f"{DESK}?show={view}" for view in shown), *(f"{DESK}{page}" for page in pages)):
        walk.see(address)
    for address in (reverse("your_request", args=[urgent.tracking_token]), reverse("find_request")):
        walk.see(address, client=Client())


def _take_one_by_phone(walk):
    walk.see(f"{DESK}add/")
    for level in (WarningSign.Level.CALL_911, WarningSign.Level.THIS_WEEK):
        walk.seen.append(begin(walk.client, sign_of(level)))
    walk.see(save(walk.client, begin(walk.client)).url)


def _come_in(walk, on_commit):
    user = make_user(role="front desk", username="dana")
    kept_forms.keep(user, page=DESK, action=DESK, values=QueryDict("text=Sample"))
    here, there = Client(), Client()
    for client, code in ((here, code_now()), (there, code_now(1))):
        walk.see("/admin/login/", client=client)
        walk.see("/admin/login/", sent={"login": "dana", "password": PASSWORD}, client=client)
        walk.see("/admin/account/code/", sent={"code": code}, client=client)
    walk.see("/admin/account/", client=here)
    walk.see("/admin/account/codes/new/", client=here)
    walk.see("/admin/account/again/", client=here)
    with on_commit(execute=True):
        here.post("/admin/account/codes/new/")
    walk.see("/admin/account/codes/", client=here)
    for _ in range(2 * throttle.FROM_ONE_PLACE.times + 1):  # enough, also where a new stretch of time begins meanwhile
        walk.see("/admin/login/", sent={"login": "dana", "password": "wrong"}, client=Client())
    walk.see("/admin/account/invitation/of-nobody/", status=404, client=Client())

    beginner = Client()
    make_user(role="front desk", username="beginner", second_factor=False)
    beginner.post("/admin/login/", {"login": "beginner", "password": PASSWORD})
    walk.see("/admin/account/app/add/", client=beginner)
