"""How often one thing may be done, so that a flood does not shut patients out. Nobody is locked out for long.

Counts stand in the database, so all processes and machines share them. What is counted is a keyed hash of an address,
never the address.
"""

import datetime
import hashlib
import hmac
import ipaddress
import math
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from appointments.models import Tally


class Limit(NamedTuple):
    """So many times in so long; the stretches of time begin at the same moments for everybody."""

    name: str
    times: int
    within: datetime.timedelta


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
TEN_MINUTES = datetime.timedelta(minutes=10)
# Many patients may share one address: a hospital, a care home, a mobile network.
BEGIN = Limit("begin", 3 * settings.REQUESTS_PER_ADDRESS, TEN_MINUTES)
SEND = Limit("send", settings.REQUESTS_PER_ADDRESS, TEN_MINUTES)
SEND_FROM_ALL = Limit("send from all", 6 * settings.REQUESTS_PER_ADDRESS, TEN_MINUTES)
LOOK_UP = Limit("look up", 10, TEN_MINUTES)
LOOK_UP_ONE = Limit("look up one", 10, datetime.timedelta(hours=1))
"""Attempts to open one request by its reference, from anywhere."""
MAIL = Limit("mail", 6, datetime.timedelta(days=1))
"""Messages to one e-mail address, so that nobody can use the form to flood somebody's mailbox."""


def is_over(limit: Limit, key: str = "") -> bool:
    """Count one more time for `key`, and return whether that is once too often. `key` is kept as a keyed hash.

    Raises Django's database errors when Postgres is away.
    """
    # One statement, so that no two processes count the same number.
    sql = (
        f'INSERT INTO {Tally._meta.db_table} AS t (bucket, "window", count) VALUES (%s, %s, 1) '  # noqa: S608
        'ON CONFLICT (bucket, "window") DO UPDATE SET count = t.count + 1 RETURNING count'
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [_bucket(limit, key), _began(limit)])
        (count,) = cursor.fetchone()
    return count > limit.times


def is_reached(limit: Limit, key: str = "") -> bool:
    """Return whether the next time for `key` would be once too often, and count nothing."""
    counted = Tally.objects.filter(bucket=_bucket(limit, key), window=_began(limit), count__gte=limit.times)
    return counted.exists()


def give_back(limit: Limit, key: str = "") -> None:
    """Count one time less for `key`: what was counted turned out to be right."""
    counted = Tally.objects.filter(bucket=_bucket(limit, key), window=_began(limit), count__gt=0)
    counted.update(count=F("count") - 1)


def seconds_left(limit: Limit) -> int:
    """Return after how many seconds counting begins anew."""
    return math.ceil((_began(limit) + limit.within - timezone.now()).total_seconds())


def _bucket(limit, key):
    return hmac.digest(settings.SECRET_KEY.encode(), f"{limit.name}:{key}".encode(), hashlib.sha256).hex()


def _began(limit):
    """Return when the present stretch of time began (aware, UTC)."""
    now = timezone.now()
    return now - (now - EPOCH) % limit.within


def client_address(request) -> str:
    """Return where a request comes from, as far as that can be trusted: an IPv4 address, or a network of IPv6.

    Behind a proxy that is the last address of X-Forwarded-For, which the proxy itself added. What stands before it the
    visitor may have made up. One household or server has a whole /64 of IPv6, so single addresses mean nothing there.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or address
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if ip.version == 6 and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))
