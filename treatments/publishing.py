"""Publishing: how words are kept, reviewed, signed, brought to patients, and taken away again.

    save ─► draft ─► in review ─► approved ─► published (now, or scheduled) ─► replaced or retired

Every act is one function here, in one transaction, and leaves a line in the history. Who may do what is decided by
those who call. All moments are aware datetimes; screens show them in the clinic's own time zone.
"""

import calendar
import datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from treatments import checks, library, opening, schema
from treatments.models import ClinicSettings, Content, InfoPage, SignOff, Treatment, Version, VersionEvent

State, Action = Version.State, VersionEvent.Action
FURTHEST = datetime.timedelta(days=5 * 365)  # a later moment is a slip of the hand
LONGEST_REVIEW = 60  # months
REVIEW_MONTHS = 12  # how long a medical review holds when the clinic has not said otherwise


class RefusedError(Exception):
    """An act that the rules do not allow; the text says why, to the person who tried."""


class BlockedError(RefusedError):
    """Words that cannot be published because safety items of the checklist are open."""

    def __init__(self, failing):
        self.failing = failing
        details = (f"{check.label}: {check.detail}" for check in failing)
        super().__init__(f"These words cannot be published yet. {' '.join(details)}")


# -- Looking ----------------------------------------------------------------------------------------


def published_version(content: Content) -> Version | None:
    """Return the version of this content that patients read, if there is one."""
    return Version.objects.of(content).published().first()


def saved_version(content: Content) -> Version | None:
    """Return the version that the working copy was last saved as."""
    return Version.objects.of(content).filter(number=content.saved_version).first()


def is_changed(content: Content) -> bool:
    """Whether the working copy says something else than what patients read."""
    current = published_version(content)
    return current is None or not _same(current.record, schema.to_record(content))


def content_of(version: Version) -> Content | None:
    """Return the working copy that a version belongs to, or None when it was deleted."""
    return schema.KINDS[version.kind].objects.filter(pk=version.content_id).first()


def title(version: Version) -> str:
    """Return how the content of a version calls itself in that version."""
    return str(schema.from_record(schema.KINDS[version.kind], version.record))


def was_deleted(model: type[Content], slug: str) -> bool:
    """Whether there was content with this address and staff have deleted it."""
    known = Version.objects.filter(kind=model.kind(), record__slug=slug)
    return known.exists() and not model.objects.filter(pk__in=known.values("content_id")).exists()


def used_by(content: Content) -> list[Content]:
    """Return the working copies that point to this one."""
    users = []
    for model in schema.KINDS.values():
        for field in schema.fields(model):
            if field.is_relation and field.related_model is type(content):
                users += model.objects.filter(**{field.name: content})
    return users


def is_signed(kind: str, content_id: int, record: dict) -> bool:
    """Whether a reviewer has signed exactly the medical words of a record, in any version of this content."""
    signed = SignOff.objects.filter(version__kind=kind, version__content_id=content_id)
    return signed.filter(fingerprint=schema.clinical_fingerprint(kind, record)).exists()


def authors(version: Version) -> set[int]:
    """Return the ids of those who wrote the medical words of a version since a reviewer last signed any.

    Restoring somebody's words leaves them that person's, and who changed only the order or an address wrote none.
    """
    signed = SignOff.objects.filter(version__kind=version.kind, version__content_id=version.content_id)
    last = signed.exclude(version=version).aggregate(last=Max("version__number"))["last"] or 0
    words = schema.clinical_fingerprint(version.kind, version.record)
    found, before = set(), None
    siblings = Version.objects.filter(kind=version.kind, content_id=version.content_id, number__lte=version.number)
    for one in siblings.order_by("number"):
        present = schema.clinical_fingerprint(one.kind, one.record)
        if one.created_by_id and present != before and (one.number > last or present == words):
            found.add(one.created_by_id)
        before = present
    return found


# -- Writing ----------------------------------------------------------------------------------------


@transaction.atomic
def keep(content: Content, *, by=None, reason: str | None = None) -> Version:
    """Keep the present words of the working copy as a version, unless they are kept already, and return it.

    Without `by` and `reason` it catches words that came past the admin, so that nothing is ever saved over.
    """
    lock(content)
    record = schema.to_record(content)
    current = saved_version(content)
    if current and _same(current.record, record):
        return current
    if (public := published_version(content)) and _same(public.record, record):
        # Back at what patients read: no draft is left over.
        _remember(content, public)
        return public
    if reason is None:
        reason = "" if by else "Words of the working copy that no version held"
    version = _create(content, record, by=by, reason=reason)
    _remember(content, version)
    return version


@transaction.atomic
def keep_aside(content: Content, record: dict, *, reason: str) -> bool:
    """Keep words from elsewhere as a draft beside the working copy; return whether no version had them yet."""
    lock(content)
    if any(_same(version.record, record) for version in Version.objects.of(content)):
        return False
    _create(content, record, by=None, reason=reason)
    return True


@transaction.atomic
def restore(version: Version, *, by) -> Content:
    """Make the words of a version the working copy again, also of a deleted page, and return it.

    What patients read does not change. Raises RefusedError when the words do not fit any more, for example because
    another page has taken the address.
    """
    model = schema.KINDS[version.kind]
    content = content_of(version)
    if content:
        lock(content)
        content.refresh_from_db()
        keep(content)
    restored = schema.from_record(model, version.record)
    restored.pk, restored._state.adding = version.content_id, content is None
    if content:
        restored.imported_fingerprint = content.imported_fingerprint
        restored.staff_notes = content.staff_notes  # a question to the clinic is not answered by words coming back
    missing = []
    for field in schema.fields(model):
        if field.many_to_one and (slug := version.record.get(field.name)):
            target = field.related_model.objects.filter(slug=slug).first()
            if target is None:
                raise RefusedError(f"“{slug}” ({schema.label(field)}) is not there any more. Restore it first.")
            setattr(restored, field.name, target)
    if hasattr(restored, "position"):
        # Words come back, not the order of that day: its old place may be taken by now.
        if content and getattr(content, "family_id", None) == getattr(restored, "family_id", None):
            restored.position = content.position
        else:
            restored.position = 1 + (model.objects.aggregate(last=Max("position"))["last"] or 0)
    try:
        restored.full_clean()
    except ValidationError as error:
        raise RefusedError(f"These words do not fit any more. {' '.join(error.messages)}") from error
    try:
        with transaction.atomic():
            restored.save(force_insert=content is None)
    except IntegrityError as error:
        raise RefusedError("Somebody else is restoring this at the same moment. Look again.") from error
    for field in model._meta.many_to_many:
        named = version.record.get(field.name, [])
        targets = list(field.related_model.objects.filter(slug__in=named))
        getattr(restored, field.name).set(targets)
        missing += sorted(set(named) - {target.slug for target in targets})
    reason = f"Restored from version {version.number}"
    if missing:
        reason += f", without what was deleted since: {', '.join(missing)}"
    new = keep(restored, by=by, reason=reason)
    log(version, Action.RESTORED, by, f"as version {new.number}")
    return restored


@transaction.atomic
def delete(content: Content, *, by, reason: str) -> None:
    """Delete a working copy and take its page down. Every version stays, so the page can be restored.

    Raises RefusedError when other content needs it.
    """
    if users := used_by(content):
        names = ", ".join(f"“{one}”" for one in users)
        raise RefusedError(f"This is still used by {names}. Change those first.")
    version = keep(content, by=by, reason="Before deleting")
    if published_version(content):
        retire(content, by=by, reason=reason)
    if under_way := Version.objects.of(content).under_way().first():
        take_back(under_way, by=by)
    content.delete()
    log(version, Action.DELETED, by, reason)


@transaction.atomic
def reorder(model: type[Content], ids: list[int], *, by, field: str = "position") -> int:
    """Number content in the given order from 1, for patients at once, and return how many numbers changed.

    Only the place changes for patients: words of the working copies that are not published yet stay unpublished.
    """
    scheduled = Version.objects.filter(kind=model.kind(), content_id__in=ids, state=State.SCHEDULED)
    for version in scheduled:
        # It would bring its own old place along, unasked, on its day.
        message = f"“{content_of(version)}” is scheduled for {spoken(version.publish_at)}. Take that back first."
        raise RefusedError(message)
    changed = 0
    rows = {
        content.pk: content for content in model.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids)
    }
    if set(rows) != set(ids):
        raise RefusedError("Somebody has deleted one of these meanwhile. Look at the list again.")
    for position, content in enumerate((rows[pk] for pk in ids), start=1):
        if getattr(content, field) == position:
            continue
        reason = f"Moved from place {getattr(content, field)} to {position}"
        keep(content)
        unchanged = not is_changed(content)
        setattr(content, field, position)
        content.save(update_fields=[field, "updated_at"])
        if current := published_version(content):
            moved = _create(content, {**current.record, field: position}, by=by, reason=reason)
            moved.retire_at = current.retire_at
            if unchanged:
                _remember(content, moved)
            _go_public(moved, by=by, note=reason)
        keep(content, by=by, reason=reason)
        changed += 1
    return changed


# -- Reviewing --------------------------------------------------------------------------------------


@transaction.atomic
def send_for_review(content: Content, *, by, note: str = "") -> Version:
    """Ask the reviewers to read the present words of the working copy."""
    if not content.IS_MEDICAL:
        raise RefusedError("There are no medical words here to review.")
    version = _anew(content, keep(content, by=by), by=by, reason=note)
    if version.state != State.DRAFT:
        raise RefusedError(f"These words are already {version.get_state_display().lower()}.")
    _clear_the_way(content, by)
    return _move(version, State.IN_REVIEW, Action.SENT, by, note)


@transaction.atomic
def send_back(version: Version, *, by, note: str) -> Version:
    """Return words under review to the editor, with remarks."""
    version = _locked(version)
    if version.state != State.IN_REVIEW:
        raise RefusedError("This version is not in review any more.")
    return _move(version, State.DRAFT, Action.SENT_BACK, by, note)


@transaction.atomic
def sign(version: Version, *, by, next_review_on: datetime.date | None = None, note: str = "") -> SignOff:
    """Sign the exact medical words of a version as reviewed by a named clinician.

    Raises RefusedError when the reviewer has no name or credentials, wrote the words (unless the clinic allows that),
    or the words are neither in review nor before patients.
    """
    version = _locked(version)
    name = by.get_full_name()
    if not name or not by.credentials:
        raise RefusedError(
            "Patients see who has reviewed a page. Ask a manager to enter your full name and credentials."
        )
    if not schema.KINDS[version.kind].IS_MEDICAL:
        raise RefusedError("There are no medical words here to review.")
    if version.state not in Version.TO_SIGN:
        raise RefusedError("Only words that are in review or before patients can be signed.")
    if by.pk in authors(version) and not library.published().clinic.author_may_review:
        raise RefusedError("You wrote some of these words. Another reviewer has to sign them.")
    sign_off = SignOff.objects.create(
        version=version,
        reviewer=by,
        reviewer_name=name,
        credentials=by.credentials,
        fingerprint=schema.clinical_fingerprint(version.kind, version.record),
        next_review_on=next_review_on or next_review_day(),
        note=note,
    )
    if version.state == State.IN_REVIEW:
        _move(version, State.APPROVED, Action.SIGNED, by, note)
    else:
        log(version, Action.SIGNED, by, note)
    return sign_off


@transaction.atomic
def sign_all(versions: list[Version], *, by, next_review_on: datetime.date | None = None, note: str = "") -> None:
    """Sign several versions, all or none of them. Raises RefusedError like sign, naming the page."""
    for version in versions:
        try:
            sign(version, by=by, next_review_on=next_review_on, note=note)
        except RefusedError as error:
            raise RefusedError(f"“{title(version)}”: {error}") from error


def next_review_day() -> datetime.date:
    """Return the day until which a review of today holds, by the clinic's own rule."""
    words = library.published()
    return months_later(words.today, words.clinic.review_months or REVIEW_MONTHS)


def months_later(day: datetime.date, months: int) -> datetime.date:
    """Return the same day of a later month, or that month's last day when it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# -- Publishing -------------------------------------------------------------------------------------


@transaction.atomic
def publish(
    content: Content,
    *,
    by=None,
    reason: str,
    at: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
    expected: int | None = None,
) -> Version:
    """Bring the present words of the working copy to patients, now or at a later moment, and return their version.

    `by` is the staff member, or None for words that came from the content files; those leave a planned taking down
    as it is. `until` takes the page down by itself at that moment. `expected` is the number of the version that the
    publisher has looked at. A version that was on its way is taken back, for these words follow it. Raises
    RefusedError when newer words were saved meanwhile or a moment makes no sense, and BlockedError when a safety
    item of the checklist is open.
    """
    lock(content)
    content.refresh_from_db()
    version = keep(content, by=by, reason=reason)
    if expected is not None and version.number != expected:
        raise RefusedError("Newer words were saved since you opened this page. Look at them first.")
    now, current = timezone.now(), published_version(content)
    if by is None and current and not until:
        until = current.retire_at
    if by:
        _check_moments(content, at, until)
    if by and (failing := checks.blocking(checks_of(version))):
        raise BlockedError(failing)
    if problem := _strands_others(content):
        raise RefusedError(problem)
    if current == version and not at:
        _clear_the_way(content, by)
        if until != current.retire_at:
            plan_retiring(content, by=by, at=until, reason=reason)
        return published_version(content)
    version = _anew(content, version, by=by, reason=reason)
    _clear_the_way(content, by, but=version)
    version.retire_at = until
    if at and at > now:
        version.publish_at = at
        return _move(version, State.SCHEDULED, Action.SCHEDULED, by, f"for {spoken(at)}. {reason}")
    version.publish_at = None
    return _go_public(version, by=by, note=reason)


@transaction.atomic
def publish_new(contents: list[Content], *, reason: str) -> None:
    """Bring content that no version holds yet from the files to patients: hundreds at once, at a first start."""
    now = timezone.now()
    versions = Version.objects.bulk_create(
        Version(
            kind=content.kind(),
            content_id=content.pk,
            number=1,
            record=schema.to_record(content),
            reason=reason,
            state=State.PUBLISHED,
            published_at=now,
        )
        for content in contents
    )
    VersionEvent.objects.bulk_create(
        VersionEvent(version=version, action=Action.PUBLISHED, note=reason) for version in versions
    )
    for model in {type(content) for content in contents}:
        model.objects.filter(pk__in=[one.pk for one in contents if type(one) is model]).update(saved_version=1)


@transaction.atomic
def take_back(version: Version, *, by) -> Version:
    """Take a version that is in review, approved or scheduled back to draft."""
    version = _locked(version)
    if version.state not in Version.UNDER_WAY:
        raise RefusedError(f"This version is {version.get_state_display().lower()}; it cannot be taken back.")
    version.publish_at = version.retire_at = None
    return _move(version, State.DRAFT, Action.TAKEN_BACK, by)


@transaction.atomic
def retire(content: Content, *, by, reason: str) -> Version:
    """Take a page away from patients now. Its words stay as the working copy."""
    if (version := _published_and_locked(content)) is None:
        raise RefusedError("Patients do not see this page.")
    if problem := needed_by_the_site(content):
        raise RefusedError(problem)
    return _move(version, State.RETIRED, Action.RETIRED, by, reason)


@transaction.atomic
def plan_retiring(content: Content, *, by, at: datetime.datetime | None, reason: str) -> Version:
    """Say when a published page is taken down by itself; None cancels that."""
    if (version := _published_and_locked(content)) is None:
        raise RefusedError("Patients do not see this page.")
    _check_moments(content, None, at)
    version.retire_at = at
    words = f"for {spoken(at)}. {reason}" if at else f"cancelled. {reason}"
    return _move(version, version.state, Action.WILL_RETIRE, by, words)


def needed_by_the_site(content: Content) -> str:
    """Say why content cannot be taken down, or return an empty text when it can."""
    if isinstance(content, ClinicSettings) or (isinstance(content, InfoPage) and content.slug in InfoPage.FIXED):
        return "The site cannot do without this page. Change its words instead."
    if users := _public_users(content):
        names = ", ".join(f"“{title(version)}”" for version in users[:5])
        more = f" and {len(users) - 5} more" if len(users) > 5 else ""
        return f"Patients meet it on {names}{more}. Publish those without it, or take them down, first."
    return ""


def _public_users(content: Content) -> list[Version]:
    """Return what patients read now that would lose a part without this content.

    Treatments that only name it, as another option or in the usual order, are none of them: they go on without it.
    """
    users = []
    for kind, model in schema.KINDS.items():
        for field in schema.fields(model):
            if field.is_relation and field.related_model is type(content) and field.name not in model.SUGGESTIONS:
                named = {f"record__{field.name}__contains": [content.slug]}
                if not field.many_to_many:
                    named = {f"record__{field.name}": content.slug}
                users += Version.objects.published().filter(kind=kind, **named)
    return users


def _strands_others(content: Content) -> str:
    """Say why a family cannot become a part of another one, or return an empty text."""
    if isinstance(content, Treatment) and content.family_id and (users := _public_users(content)):
        return f"Patients still find “{title(users[0])}” below this family. Publish it elsewhere first."
    return ""


def _check_moments(content: Content, at, until) -> None:
    for moment in filter(None, (at, until)):
        if moment > timezone.now() + FURTHEST:
            raise RefusedError("This is more than five years away. Choose an earlier moment.")
    if until and until <= (at or timezone.now()):
        raise RefusedError("A page cannot be taken down before it is public. Choose a later moment.")
    if until and (problem := needed_by_the_site(content)):
        raise RefusedError(problem)


@transaction.atomic
def do_what_is_due(pk: int) -> int:
    """Publish a scheduled version or take a page down, if its moment has come, and return how much was done.

    A page that other public pages need by now stays up, and its history says why.
    """
    version, now, done = _locked(Version.objects.get(pk=pk)), timezone.now(), 0
    if version.state == State.SCHEDULED and version.publish_at <= now:
        version = _go_public(version, by=None, note="As scheduled")
        done += 1
    if version.state == State.PUBLISHED and version.retire_at and version.retire_at <= now:
        if problem := needed_by_the_site(content_of(version)):
            version.retire_at = None
            _move(version, State.PUBLISHED, Action.WILL_RETIRE, None, f"It stays up. {problem}")
        else:
            _move(version, State.RETIRED, Action.RETIRED, None, "As scheduled")
        done += 1
    return done


def checks_of(version: Version) -> list[checks.Check]:
    """Return the checklist of a version, as if it were public."""
    return checks_of_record(version.kind, version.content_id, version.record)


def checks_of_record(kind: str, content_id: int, record: dict) -> list[checks.Check]:
    """Return the checklist of words that may not be kept anywhere yet."""
    words = library.published().with_record(kind, content_id, record)
    content = words.get(kind, record["slug"])
    if content is None:
        message = "Publish its family first: a treatment is shown only below a family that patients can see."
        return [checks.Check("Its family is public", False, True, message)]
    return checks.checklist(content, words, signed=is_signed(kind, content_id, record))


def spoken(moment: datetime.datetime) -> str:
    """A moment as staff say it, in the clinic's time zone: March 3, 2027, 9:00 AM Eastern."""
    local = moment.astimezone(ZoneInfo(library.published().clinic.time_zone))
    return f"{local:%B} {local.day}, {local.year}, {opening.clock(local)}"


# -- The few steps that all acts are made of ---------------------------------------------------------


def _same(one: dict, other: dict) -> bool:
    return schema.fingerprint(one) == schema.fingerprint(other)


def lock(content: Content) -> None:
    """Let whoever else acts on this content wait until the present transaction has ended.

    The row stays open to others who only point to it.
    """
    type(content).objects.select_for_update(no_key=True).get(pk=content.pk)


def _locked(version: Version) -> Version:
    """Read a version again, after whoever else is acting on its page."""
    if content := content_of(version):
        lock(content)
    return Version.objects.select_for_update().get(pk=version.pk)


def _published_and_locked(content: Content) -> Version | None:
    lock(content)
    return Version.objects.select_for_update().of(content).published().first()


def _anew(content: Content, version: Version, *, by, reason: str) -> Version:
    """Return a version with the same words that can go public again: what once left patients stays a fact."""
    if version.state not in (State.REPLACED, State.RETIRED):
        return version
    version = _create(content, version.record, by=by, reason=reason)
    _remember(content, version)
    return version


def _create(content: Content, record: dict, *, by, reason: str) -> Version:
    last = Version.objects.of(content).aggregate(last=Max("number"))["last"] or 0
    return Version.objects.create(
        kind=content.kind(),
        content_id=content.pk,
        number=last + 1,
        record=record,
        created_by=by,
        reason=reason[: Version._meta.get_field("reason").max_length],
    )


def _remember(content: Content, version: Version) -> None:
    content.saved_version = version.number
    type(content).objects.filter(pk=content.pk).update(saved_version=version.number)


def _clear_the_way(content: Content, by, *, but: Version | None = None) -> None:
    """Take back what was on its way: newer words follow it and must not be overtaken by it later."""
    for version in Version.objects.of(content).under_way():
        if version != but:
            take_back(version, by=by)


def _go_public(version: Version, *, by, note: str) -> Version:
    siblings = Version.objects.filter(kind=version.kind, content_id=version.content_id)
    siblings.published().update(state=State.REPLACED)
    version.published_at = timezone.now()
    return _move(version, State.PUBLISHED, Action.PUBLISHED, by, note)


def _move(version: Version, state: str, action: str, by, note: str = "") -> Version:
    version.state = state
    version.save(update_fields=["state", "publish_at", "retire_at", "published_at"])
    log(version, action, by, note)
    return version


def log(version: Version, action: str, by, note: str = "") -> None:
    """Add a line to the history of a version."""
    note = note[: VersionEvent._meta.get_field("note").max_length]
    VersionEvent.objects.create(version=version, action=action, by=by, note=note)
