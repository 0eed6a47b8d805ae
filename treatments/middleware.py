"""Give each request its library: the published words as they are at that moment."""

import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from treatments import library, schedule


class LibraryMiddleware:
    """Set `request.library`, and tell all times of every page in the clinic's own time zone.

    The database is asked at the first use; a page that uses no words and tells no time asks nothing.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.library = SimpleLazyObject(schedule.current_library)
        with timezone.override(ClinicZone(request)):
            return self.get_response(request)


class ClinicZone(datetime.tzinfo):
    """The clinic's time zone, which is looked up when a page first tells a time.

    A page that is answered while the database is away has the zone that was known last. Before the first import, when
    staff may sign in already, there is none yet, and times are in UTC.
    """

    def __init__(self, request):
        self._request = request

    @cached_property
    def _zone(self) -> datetime.tzinfo:
        try:
            name = self._request.library.clinic.time_zone
        except library.NothingPublishedError:
            return datetime.UTC
        except schedule.AWAY:
            name = library.last_known().clinic.time_zone
        return ZoneInfo(name)

    def fromutc(self, moment):
        return self._zone.fromutc(moment.replace(tzinfo=self._zone))

    def utcoffset(self, moment):
        return self._zone.utcoffset(moment)

    def dst(self, moment):
        return self._zone.dst(moment)

    def tzname(self, moment):
        return self._zone.tzname(moment)

    def __str__(self):
        return str(self._zone)
