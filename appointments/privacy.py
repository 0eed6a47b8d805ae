"""Care for what is stored: encrypting it anew, deleting it when its time is over, and a person's right to see or erase
what is held on them.

Every deletion and every export leaves a line in the record, in the same transaction. A line names a request by its
reference and says nothing about the person, so it stays when the request is gone.
"""

import datetime
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db import DatabaseError, OperationalError, connection, models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Greatest, Least, TruncDate
from django.utils import timezone

from appointments import choices, kept_forms, references
from appointments.encryption import (
    CANNOT_BE_READ,
    LookupField,
    LookupsField,
    Unreadable,
    as_stored,
    decrypt,
    encrypt,
    encrypted_columns,
    is_under_present_key,
)
from appointments.models import EvaluationRequest, RequestDraft, RequestEvent, Tally
from treatments import library, phone

log = logging.getLogger(__name__)

KEEP_CLOSED_DAYS = 365
"""Where the clinic has set nothing else."""
KEEP_SPAM = datetime.timedelta(days=30)
KEEP_TALLIES = datetime.timedelta(days=2)
BATCH = 200
"""Rows in one transaction: what has to be done again after a crash, and what others may have to wait for."""
HOUSEKEEPING_LOCK = 20261125  # any number that nothing else in this database uses

Event = RequestEvent.Kind


# -- Encrypting anew ---------------------------------------------------------------------------------------------


@dataclass
class Renewal:
    """What became of the rows of one model."""

    model: type[models.Model]
    renewed: int = 0
    current: int = 0
    """Rows that needed nothing."""
    unreadable: int = 0
    """Rows with a value that cannot be decrypted. It was left as it is; the row's other values are renewed."""


def reencrypt() -> Iterator[Renewal]:
    """Encrypt everything stored with the first key of ENCRYPTION_KEYS, and yield what was done, model by model.

    May be killed and run again, and may run while the site is in use: each batch is a transaction that holds its rows,
    reads them as they are now, and writes nothing but the values that need it. Every value is decrypted, those under
    the first key too, so at the end all that cannot be read has been counted.
    """
    for model, columns in encrypted_columns():
        renewal, last = Renewal(model), None
        while last := _reencrypt_batch(renewal, columns, after=last):
            pass
        yield renewal


@transaction.atomic
def _reencrypt_batch(renewal, columns, *, after):
    """Do the rows that follow the primary key `after`, and return the last one's, or None when there are no more."""
    lookups = [
        column for column in renewal.model._meta.local_concrete_fields if isinstance(column, LookupField | LookupsField)
    ]
    stored = {f"stored_{column.name}": as_stored(column) for column in columns}
    rows = renewal.model._base_manager.select_for_update(no_key=True).order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    rows = list(rows.values("pk", *(column.name for column in lookups), **stored)[:BATCH])
    for row in rows:
        texts, changes = {}, {}
        for column in columns:
            value = row[f"stored_{column.name}"]
            try:
                texts[column.name] = text = decrypt(value, column.purpose) if value else ""
            except CANNOT_BE_READ:
                continue
            if text and not is_under_present_key(value):
                # As an expression, because the field itself would encrypt it once more.
                changes[column.name] = Value(encrypt(text, column.purpose), models.TextField())
        for column in lookups:
            if all(name in texts for name in column.sources) and row[column.name] != (follows := column.follow(texts)):
                changes[column.name] = follows
        if changes:
            with caring_for_notes("reencrypt"):
                # Not save(): it would write the other columns as well, and the time of the last change.
                renewal.model._base_manager.filter(pk=row["pk"]).update(**changes)
        unreadable = len(texts) < len(columns)
        renewal.renewed += bool(changes)
        renewal.unreadable += unreadable
        renewal.current += not (changes or unreadable)
    return rows[-1]["pk"] if rows else None


@contextmanager
def caring_for_notes(care: str):
    """Let notes be deleted, or encrypted anew: the database refuses both at other times. Needs a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('medici.care', %s, true)", [care])
        yield
        cursor.execute("SELECT set_config('medici.care', '', true)")


# -- Deleting what has had its time --------------------------------------------------------------------------------


@dataclass
class Purged:
    """What was deleted, or would be: references of requests, and numbers of the rest."""

    closed: list[str] = field(default_factory=list)
    spam: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """References of requests that the database would not delete."""
    held: list[str] = field(default_factory=list)
    """References of requests whose time is over, but which staff said to keep."""
    drafts: int = 0
    tallies: int = 0


def keep_closed() -> datetime.timedelta:
    """Return how long closed requests are kept, in days of 24 hours, also when the clocks change."""
    return datetime.timedelta(days=library.published().clinic.keep_requests_days or KEEP_CLOSED_DAYS)


def is_held() -> Q:
    """Requests that nothing may delete, because staff said to keep them through today or longer."""
    return Q(hold_until__gte=library.published().today)


def closed_long_ago():
    """Return the requests whose time is over: closed for longer than the clinic's settings say.

    Open requests are never among them, however old. Those that staff said to keep are.
    """
    edge = timezone.now() - keep_closed()
    return EvaluationRequest.objects.filter(status=EvaluationRequest.Status.CLOSED, closed_at__lt=edge)


def old_spam():
    """Return suspected spam that nobody took off its shelf in time, counted from when it was put there."""
    edge = timezone.now() - KEEP_SPAM
    shelved = RequestEvent.objects.filter(reference=OuterRef("reference"), kind=Event.SHELVED, at__gte=edge)
    suspected = EvaluationRequest.objects.exclude(suspicion="")
    return suspected.filter(~Exists(shelved), received_at__lt=edge)


def leaving() -> models.QuerySet:
    """Return the requests that the purge is going to delete, each with `goes_on`: its day, at the clinic.

    The next come first. One that staff said to keep goes on the day after, at the earliest.
    """
    shelved = RequestEvent.objects.filter(reference=OuterRef("reference"), kind=Event.SHELVED).order_by("-at")
    put_there = Greatest("received_at", Subquery(shelved.values("at")[:1]))
    goes_at = Least(
        Case(When(status=EvaluationRequest.Status.CLOSED, then=F("closed_at") + Value(keep_closed()))),
        Case(When(~Q(suspicion=""), then=put_there + Value(KEEP_SPAM))),
        output_field=models.DateTimeField(),
    )
    zone = ZoneInfo(library.published().clinic.time_zone)
    after_hold = Cast(F("hold_until") + Value(datetime.timedelta(days=1)), models.DateField())
    requests = EvaluationRequest.objects.filter(Q(status=EvaluationRequest.Status.CLOSED) | ~Q(suspicion=""))
    return requests.annotate(goes_on=Greatest(TruncDate(goes_at, tzinfo=zone), after_hold)).order_by("goes_on", "pk")


def purge(*, by: str, dry_run: bool = False) -> Purged:
    """Delete what has had its time: closed requests, suspected spam, unfinished requests, and counts for limits.

    Requests that staff said to keep stay. One that cannot be deleted does not keep the others. With `dry_run` nothing
    changes. Raises Django's OperationalError when Postgres goes away; what was deleted until then stays deleted.
    """
    held = [*_references(closed_long_ago().filter(is_held())), *_references(old_spam().filter(is_held()))]
    held = list(dict.fromkeys(held))  # one may be both
    closed, spam = (due.exclude(is_held()) for due in (closed_long_ago(), old_spam()))
    drafts = RequestDraft.objects.ended()
    tallies = Tally.objects.filter(window__lt=timezone.now() - KEEP_TALLIES)
    if dry_run:
        due = _references(closed)
        also = [reference for reference in _references(spam) if reference not in set(due)]
        return Purged(due, also, [], held, drafts.count(), tallies.count())
    purged = Purged(held=held)
    # First what has the shortest time, so that nothing about requests can keep it.
    purged.drafts = drafts.delete()[0]
    kept_forms.purge()
    purged.tallies = tallies.delete()[0]
    purged.closed = _purge_requests(closed, purged.failed, by=by)
    purged.spam = _purge_requests(spam.exclude(reference__in=purged.failed), purged.failed, by=by)
    return purged


def _references(requests):
    return list(requests.order_by("pk").values_list("reference", flat=True))


def _purge_requests(due, failed, *, by):
    """Delete requests batch by batch; a batch with one that cannot be deleted is done again one by one."""
    deleted, found = [], _references(due)
    batches = [found[start : start + BATCH] for start in range(0, len(found), BATCH)]
    while batches:
        batch = batches.pop(0)
        try:
            deleted += _delete(due.filter(reference__in=batch), Event.PURGED, by=by)
        except OperationalError:
            raise
        except DatabaseError as error:
            if len(batch) > 1:
                batches += [[reference] for reference in batch]
                continue
            failed += batch
            log.warning("Request %s cannot be deleted: %s", references.display(*batch), type(error).__name__)
    return deleted


@transaction.atomic
def _delete(requests, kind, *, by):
    """Delete those requests that still fit the query once nobody else can change them. Return their references."""
    held = dict(requests.select_for_update().order_by("pk").values_list("pk", "reference"))
    RequestEvent.objects.bulk_create(RequestEvent(reference=one, kind=kind, by=by) for one in held.values())
    with caring_for_notes("delete"):
        EvaluationRequest.objects.filter(pk__in=held).only("pk").delete()
    kept_forms.forget(list(held))
    return list(held.values())


def keep_house() -> None:
    """Purge, unless another process is at it. Errors are the caller's."""
    with _alone() as alone:
        if not alone:
            return
        purged = purge(by=RequestEvent.WEBSITE)
    counts = len(purged.closed) + len(purged.spam), purged.drafts, purged.tallies
    if any(counts):
        log.info("Deleted at the end of their time: %s requests, %s unfinished requests, %s counts", *counts)


@contextmanager
def _alone():
    """Give whether this is the only process in here. The lock ends with the connection at the latest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [HOUSEKEEPING_LOCK])
        (alone,) = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [HOUSEKEEPING_LOCK])


# -- One person's data ---------------------------------------------------------------------------------------------


def find_person(*, reference: str = "", contact: str = "", alone: bool = False):
    """Return the requests of one person, found by a reference or by a phone number or e-mail address.

    A reference leads on to all requests with the same phone number or e-mail address, unless `alone`: two people may
    share one. Unfinished requests are not among them: nothing in one can be searched for, and none is kept longer than
    24 hours. Raises ValueError when `contact` is neither a phone number nor an e-mail address.
    """
    requests = EvaluationRequest.objects.order_by("pk")
    if not contact:
        found = requests.filter(reference=references.normal(reference))
        request = found.first()
        return found if alone or request is None else of_same_person(request)
    if "@" in contact:
        return requests.from_person(email=contact)
    if number := phone.parse(contact):
        return requests.from_person(phone=number)
    raise ValueError("This is neither a phone number with its area code nor an e-mail address.")


def of_same_person(request: EvaluationRequest):
    """Return all requests with the phone number or the e-mail address of this one, which is among them."""
    # The stored hash also finds what was written with the same key, where the value itself cannot be read.
    same = Q(pk=request.pk)
    for name in ("phone", "email"):
        if lookup := getattr(request, f"{name}_lookup"):
            same |= Q(**{f"{name}_lookup": lookup})
    known = {name: getattr(request, name) for name in ("phone", "email")}
    readable = {name: value for name, value in known.items() if not isinstance(value, Unreadable)}
    # Joined by "or" in one question, so that Postgres looks in the indexes alone, however many requests there are.
    return (EvaluationRequest.objects.filter(same) | EvaluationRequest.objects.from_person(**readable)).order_by("pk")


NOT_EXPORTED = {
    "id", "request", "identifier", "submission_key", "tracking_hash", "tracking_token", "phone_lookup", "email_lookup",
    "search_lookups", "interest_lookups", "before", "status_before",
}  # fmt: skip
"""The site's own handles. They say nothing about the person, and who gets an export by mistake must not be able to
open or change a request with it."""


@transaction.atomic
def export(requests: Iterable[EvaluationRequest], *, by: str) -> dict:
    """Return everything held on a person as plain values with readable names, and record that it was exported.

    Times are aware and in UTC. Messages have no text to export: it is written when one is sent, and not kept. A value
    that cannot be decrypted stands as the words that say so.
    """
    requests = list(requests)
    RequestEvent.objects.bulk_create(
        RequestEvent(reference=request.reference, kind=Event.EXPORTED, by=by) for request in requests
    )
    words = library.published()
    return {"exported": timezone.now(), "requests": [_everything(request, words) for request in requests]}


def _everything(request, words):
    events = RequestEvent.objects.filter(reference=request.reference)
    return _described(request, words) | {
        "reference": request.spoken_reference,
        "messages": [_described(message, words) for message in request.messages.order_by("pk")],
        "notes of staff (read them before you hand this over)": [
            _described(note, words) for note in request.notes.all()
        ],
        "record": [_described(event, words) for event in events],
    }


def _described(instance, words):
    fields = (field for field in instance._meta.concrete_fields if field.name not in NOT_EXPORTED)
    return {field.verbose_name: in_words(instance, field, words) for field in fields}


def in_words(instance, field, words):
    if field.choices:
        return getattr(instance, f"get_{field.name}_display")()
    value = getattr(instance, field.name)
    if isinstance(value, models.Model):
        return str(value)
    labels = choices.labels(field.name, words)
    return [labels.get(one, one) for one in value] if isinstance(value, list) else labels.get(value, value)


def erase(requests: Iterable[EvaluationRequest], *, by: str) -> list[str]:
    """Delete requests with everything that belongs to them, all or none, and return the references that were deleted.

    Requests that are gone already change nothing, and those that staff said to keep are spared. What stays is the
    record, which says nothing about the person, and for two days counts under a keyed hash of an address.
    """
    chosen = [request.pk for request in requests]
    return _delete(EvaluationRequest.objects.filter(pk__in=chosen).exclude(is_held()), Event.ERASED, by=by)
