"""The demo: every screen of the desk full of samples, nobody real, nothing sent, and gone again without a trace."""

import datetime
import re
from collections import Counter

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from appointments import demo, outbox, privacy, waiting
from appointments.desk.queue import VIEWS, in_view
from appointments.models import EvaluationRequest, Message, RequestEvent, RequestNote
from tests.factories import make_request
from tests.stored import everything_stored
from treatments.library import published

pytestmark = pytest.mark.usefixtures("manager")
Status, ClosedReason = EvaluationRequest.Status, EvaluationRequest.ClosedReason
REQUESTS = EvaluationRequest.objects


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("2026-11-25T15:00:00Z", id="a working day"),
        pytest.param("2026-11-29T05:30:00Z", id="just after midnight, on a Sunday"),
        pytest.param("2026-12-25T23:00:00Z", id="a holiday"),
        pytest.param("2027-03-15T12:00:00Z", id="the clocks have just changed"),
    ],
)
def test_every_part_of_the_desk_is_full(moment):
    with time_machine.travel(moment, tick=False):
        call_command("make_demo")
        now, today = timezone.now(), published().today
        assert set(REQUESTS.values_list("status", flat=True)) == set(Status.values)
        assert set(REQUESTS.values_list("closed_reason", flat=True)) == {"", *ClosedReason.values}
        assert set(REQUESTS.values_list("suspicion", flat=True)) == {"", *EvaluationRequest.Suspicion.values}
        clerk = get_user_model().objects.get(username="sample-desk")
        assert [name for name in VIEWS if not REQUESTS.filter(in_view(name, today, clerk)).exists()] == []
        steps = {waiting.next_step(one, today, now) for one in REQUESTS.all()}
        assert steps >= {"CALL TODAY", "First call", "Send the letter", "No answer to our letter", "Go on", "Wait"}
        assert steps >= {"Agreed", "Did it take place?", "Is it spam?", "Your turn again"}
        visits = Counter(timezone.localdate(one.scheduled_for) for one in REQUESTS.exclude(scheduled_for=None))
        assert len(visits) > 10
        weeks = Counter((now - one.closed_at).days // 7 for one in REQUESTS.filter(status=Status.CLOSED))
        assert weeks.keys() >= set(range(1, 12))
        assert REQUESTS.exclude(duplicate_of=None).exists()
        assert REQUESTS.filter(privacy.is_held()).exists()
        assert privacy.leaving().filter(goes_on__lt=today + datetime.timedelta(days=84)).exists()
        kinds = set(RequestEvent.objects.values_list("kind", flat=True))
        assert set(RequestEvent.Kind.values) - kinds == {"mail again", "exported", "erased", "purged", "released"}
        for model, field in ((RequestEvent, "at"), (RequestNote, "at"), (Message, "sent_at")):
            assert not model.objects.filter(**{f"{field}__gt": now}).exists(), "nothing has happened in the future"


def test_everybody_is_plainly_a_sample_and_nothing_is_sent():
    call_command("make_demo")
    assert 55 <= REQUESTS.count() <= 80
    for one in REQUESTS.all():
        assert one.name.startswith("Sample Patient ")
        assert re.fullmatch(r"(\+155501001\d\d)?", one.phone), one.phone
        assert re.fullmatch(r"(sample-\d\d@mail\.example)?", one.email), one.email
        for typed in (one.helper_name, one.trusted_person, one.message, one.times_to_avoid, one.insurer, one.place):
            assert not typed or "Sample" in typed
    assert all(note.text.startswith("Sample note: ") for note in RequestNote.objects.all())
    users = get_user_model().objects.exclude(username="manager")
    assert {user.username for user in users} == set(demo.ACCOUNTS)
    for user in users:
        assert not user.has_usable_password()
        assert user.groups.count() == 1
    assert Message.objects.exists()
    assert not Message.objects.filter(state=Message.State.QUEUED).exists()
    assert not outbox.send_one()
    assert mail.outbox == []


def test_run_again_it_renews_the_samples():
    call_command("make_demo")
    before = set(REQUESTS.values_list("reference", flat=True))
    call_command("make_demo")
    after = set(REQUESTS.values_list("reference", flat=True))
    assert len(before) == len(after)
    assert not before & after
    assert get_user_model().objects.count() == len(demo.ACCOUNTS) + 1


def test_it_is_refused_on_a_real_site(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="Patients use this site"):
        call_command("make_demo")
    assert not REQUESTS.exists()


def test_the_first_account_comes_before_it():
    get_user_model().objects.all().delete()
    with pytest.raises(CommandError, match="make demo"):
        call_command("make_demo")
    assert not get_user_model().objects.exists()


def test_it_is_refused_beside_a_request_that_is_no_sample():
    request = make_request(name="Sample Patient 07")
    with pytest.raises(CommandError, match="no samples"):
        call_command("make_demo")
    assert REQUESTS.get() == request
    assert get_user_model().objects.get().username == "manager"


def test_it_goes_away_and_leaves_others_alone():
    call_command("make_demo")
    request = make_request(name="Other Patient")
    call_command("make_demo", remove=True)
    assert REQUESTS.get() == request
    assert get_user_model().objects.get().username == "manager"
    assert [table for table, rows in everything_stored().items() if "Sample" in rows and "appointments" in table] == []
    call_command("make_demo", remove=True)
    assert REQUESTS.get() == request
