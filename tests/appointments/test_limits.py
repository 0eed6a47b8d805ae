"""Counting how often something is done, and telling where it comes from."""

import datetime
import threading

import pytest
import time_machine
from django.db import connection
from django.test import RequestFactory, override_settings
from hypothesis import given
from hypothesis import strategies as st

from appointments import limits
from appointments.models import Tally

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def clock():
    """Time stands still at the beginning of a window, and moves only when a test says so."""
    with time_machine.travel("2026-11-25T10:00:00Z", tick=False) as clock:
        yield clock


# -- Counting --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [10, 60, 24 * 60])
def test_a_window_ends(clock, minutes):
    clock.move_to("2026-11-25T00:00:00Z")
    limit = limits.Limit("test", 2, minutes * MINUTE)
    assert [limits.is_over(limit, "a") for _ in range(3)] == [False, False, True]
    assert limits.seconds_left(limit) == minutes * 60
    clock.shift(minutes * 60 - 1)
    assert limits.is_over(limit, "a")
    assert limits.seconds_left(limit) == 1
    clock.shift(1)
    assert not limits.is_over(limit, "a")


@pytest.mark.django_db
def test_keys_and_limits_are_counted_apart(clock):
    one, other = limits.Limit("one", 1, MINUTE), limits.Limit("other", 1, MINUTE)
    assert not limits.is_over(one, "a")
    assert not limits.is_over(one, "b")
    assert not limits.is_over(other, "a")
    assert limits.is_over(one, "a")


@pytest.mark.django_db
def test_a_clock_that_is_set_back_locks_nobody_out(clock):
    limit = limits.Limit("test", 1, 10 * MINUTE)
    limits.is_over(limit, "a")
    assert limits.is_over(limit, "a")
    clock.shift(-60 * MINUTE)
    assert not limits.is_over(limit, "a")


@pytest.mark.django_db
@pytest.mark.parametrize("moment", ["2026-11-01T05:59:59.999999Z", "2026-11-01T06:00:00Z", "2028-02-29T23:59:59Z"])
@pytest.mark.parametrize("minutes", [10, 60, 24 * 60])
def test_every_moment_lies_in_one_window(moment, minutes):
    limit = limits.Limit("test", 1, minutes * MINUTE)
    with time_machine.travel(moment, tick=False):
        limits.is_over(limit)
        now = datetime.datetime.now(datetime.UTC)
        assert 0 < limits.seconds_left(limit) <= minutes * 60
    began = Tally.objects.get().window
    assert began <= now < began + limit.within
    assert (began.second, began.microsecond, began.minute % 10) == (0, 0, 0)


@pytest.mark.django_db
def test_no_address_is_kept(clock):
    limits.is_over(limits.SEND, "203.0.113.9")
    tally = Tally.objects.get()
    assert len(tally.bucket) == 64
    assert int(tally.bucket, 16)


@pytest.fixture
def counted_by_all(django_db_setup, django_db_blocker):
    """Counts outside any transaction, as other processes and threads see them."""
    with django_db_blocker.unblock():
        yield
        Tally.objects.all().delete()


def test_nobody_slips_through_between_two_counts(counted_by_all):
    # So long a window that none ends during the test.
    limit, over = limits.Limit("test", 50, datetime.timedelta(days=100_000)), []

    def count():
        over.extend([limits.is_over(limit, "a") for _ in range(25)])
        connection.close()

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(over) == 200
    assert over.count(False) == 50


# -- Where a request comes from --------------------------------------------------------------------------------------


def address(settings, *, behind_proxy, **meta):
    settings.BEHIND_PROXY = behind_proxy
    return limits.client_address(RequestFactory().get("/", **meta))


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "expected"),
    [
        (False, None, "198.51.100.7"),
        (False, "203.0.113.9", "198.51.100.7"),  # made up by the visitor
        (True, None, "198.51.100.7"),
        (True, "203.0.113.9", "203.0.113.9"),
        (True, "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # only the last was added by our proxy
        (True, "1.2.3.4,203.0.113.9 ", "203.0.113.9"),  # the same in two headers, as gunicorn joins them
        (True, "", "198.51.100.7"),
        (True, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (True, "fe80::1%eth0", "fe80::/64"),
        (True, "::ffff:203.0.113.9", "203.0.113.9"),
        (True, "unknown", ""),
        (True, "203.0.113.9:4711", ""),
        (True, "\x00'; --", ""),
        (True, "," * 500, "198.51.100.7"),
    ],
)
def test_an_address_cannot_be_made_up(settings, behind_proxy, forwarded, expected):
    meta = {"REMOTE_ADDR": "198.51.100.7"} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {})
    assert address(settings, behind_proxy=behind_proxy, **meta) == expected


def test_neighbors_in_one_ipv6_network_are_one_address(settings):
    one = address(settings, behind_proxy=False, REMOTE_ADDR="2001:db8::1")
    assert one == address(settings, behind_proxy=False, REMOTE_ADDR="2001:db8::ffff:1")
    assert one != address(settings, behind_proxy=False, REMOTE_ADDR="2001:db8:0:1::1")


JUNK = st.text() | st.text(alphabet="0123456789abcdef.:%,[]/ \x00é") | st.ip_addresses().map(str)


@given(header=JUNK, remote=JUNK, behind_proxy=st.booleans())
def test_no_header_makes_an_error(header, remote, behind_proxy):
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=header)
    with override_settings(BEHIND_PROXY=behind_proxy):
        found = limits.client_address(request)
    assert len(found) <= len("ffff:ffff:ffff:ffff::/64")
    if not behind_proxy:
        other = RequestFactory().get("/", REMOTE_ADDR=remote)
        with override_settings(BEHIND_PROXY=False):
            assert limits.client_address(other) == found, "what a visitor makes up changes nothing"
