"""A desk full of samples, so that every screen can be seen full.

What happened to each sample was done by the same services that staff use, on a clock that goes from twelve weeks ago
to now. All of it is one transaction: a worker never sees a message of it that waits to be sent.
"""

import datetime
import uuid
from zoneinfo import ZoneInfo

import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F, ProtectedError
from django.utils import timezone

from appointments import choices, outbox, privacy, services
from appointments.business_days import open_times, reply_by
from appointments.models import Access, EvaluationRequest, Message, RequestEvent, SavedView
from treatments.library import published

Status, ClosedReason, Event = EvaluationRequest.Status, EvaluationRequest.ClosedReason, RequestEvent.Kind
Suspicion, CancelReason = EvaluationRequest.Suspicion, services.CancelReason

# Only these keys make a request a sample, whatever its name: nothing that a patient sends can get one.
NAMESPACE = uuid.UUID("8f1c0f6e-6d1b-4a0e-9a57-5d3c1f0c2b11")
KEYS = [uuid.uuid5(NAMESPACE, str(number)) for number in range(100)]
"""One for each number from (555) 010-0100 to (555) 010-0199, which belong to nobody."""
ACCOUNTS = {
    "sample-desk": "Front desk",
    "sample-desk-2": "Front desk",
    "sample-manager": "Manager",
    "sample-editor": "Editor",
    "sample-reviewer": "Medical reviewer",
}
"""The user names of the sample accounts, with their roles. A manager lets people in, by a link."""
ADDRESS = "192.0.2.7"
"""From where the sample accounts are said to have looked: an address that belongs to nobody (RFC 5737)."""
ARRIVALS = ("7:50", "9:20", "11:05", "13:40", "16:15", "19:30")


def samples():
    return EvaluationRequest.objects.filter(submission_key__in=KEYS)


def others():
    return EvaluationRequest.objects.exclude(submission_key__in=KEYS)


@transaction.atomic
def fill() -> int:
    """Make all samples anew, as seen from now, and return how many there are."""
    _erase()
    desk = Desk()
    for tell in (_new, _being_handled, _waiting, _scheduled, _spam, _closed, _put_right):
        tell(desk)
    # What they would have been told is not sent: it counts as sent long ago.
    queued = Message.objects.filter(request__in=samples(), state=Message.State.QUEUED)
    queued.update(state=Message.State.SENT, sent_at=F("created_at"), attempts=1)
    return samples().count()


@transaction.atomic
def remove() -> int:
    """Take away all samples and the sample accounts, and return how many requests went. The record of them stays."""
    erased = _erase()
    for user in get_user_model().objects.filter(username__in=ACCOUNTS):
        try:
            with transaction.atomic():
                user.delete()
        except ProtectedError:  # words of the website that they saved name them
            user.is_active = False
            user.save(update_fields=["is_active"])
    return len(erased)


def _erase():
    for kept in samples().filter(privacy.is_held()):
        services.hold(kept, None, by=RequestEvent.COMMAND_LINE)
    return privacy.erase(samples(), by=RequestEvent.COMMAND_LINE)


class Desk:
    """Where the samples arrive. Days are counted in days on which the clinic is open, times are on its clock."""

    def __init__(self):
        self.now = timezone.now()
        self.words = published()
        self.zone = ZoneInfo(self.words.clinic.time_zone)
        self.accounts = {name: self._account(name, role) for name, role in ACCOUNTS.items()}
        self.clerks = [self.accounts["sample-desk"], self.accounts["sample-desk-2"]]
        view = {"name": "Sample view: nobody’s and overdue", "query": "show=overdue&owner=nobody"}
        SavedView.objects.get_or_create(owner=self.clerks[0], **view)
        today = self.words.today
        year, season = datetime.timedelta(days=400), datetime.timedelta(days=60)
        times = open_times(today - year, today + season, self.words.clinic)
        days = sorted({opens.date() for opens, _ in times} - {today})
        self.days_before = [day for day in reversed(days) if day < today]
        self.days_after = [day for day in days if day > today]
        self.count = 0

    @staticmethod
    def _account(name, role):
        user, is_new = get_user_model().objects.get_or_create(username=name, defaults={"is_staff": True})
        if is_new:
            user.set_unusable_password()
            user.first_name, user.last_name = "Sample", name.removeprefix("sample-").title()
            user.credentials = "sample, not a clinician" if role == "Medical reviewer" else ""
            user.save()
            user.groups.add(Group.objects.get(name=role))
        return user

    def at(self, days: int, clock: str) -> datetime.datetime:
        """Return a time (aware) on the open day that is so many before or after today; 0 is today, open or not."""
        day = [self.words.today, *(self.days_after if days > 0 else self.days_before)][abs(days)]
        time = datetime.time(*map(int, clock.split(":")))
        return datetime.datetime.combine(day, time, self.zone)

    def sample(self, days: int, clock: str = "", *, by_phone=False, **answers) -> "Sample":
        """Let the next person send a request on a day up to today; where that is yet to come, a while ago."""
        number, self.count = self.count, self.count + 1
        at = min(self.at(days, clock or ARRIVALS[number % 6]), self.now - datetime.timedelta(minutes=5 * (number + 1)))
        clerk = self.clerks[number % 2]
        if by_phone:
            answers |= {"taken_by": clerk}
        with time_machine.travel(at, tick=False):
            same_day = answers.get("needs_same_day_call", False)
            request = services.store_request(
                submission_key=KEYS[number],
                reply_by=reply_by(at, self.words.clinic, same_day=same_day),
                privacy_version=self.words.page("privacy").linked.version,
                **_answers(number, self.words) | answers,
            )
        return Sample(self, request, clerk, days)


class Sample:
    """One request, and what becomes of it."""

    def __init__(self, desk, request, clerk, days):
        self.desk, self.request, self.clerk, self.days = desk, request, clerk, days

    def then(self, after: int, clock: str, act, *args, **named) -> "Sample":
        """Let the clerk open it, so many open days after it came, and do something with it."""
        with self._on(after, clock):
            look = {"kind": Access.Kind.VIEWED, "references": [self.request.reference], "address": ADDRESS}
            Access.objects.create(by=self.clerk.username, detail="sample", **look)
            act(self.request, *args, by=self.clerk.username, **named)
        return self

    def by_itself(self, after: int, clock: str, act, *args, **named) -> "Sample":
        """Let something happen that no clerk does."""
        with self._on(after, clock):
            act(*args, **named)
        return self

    def called(self, after: int, clock: str, attempt: str) -> "Sample":
        return self.then(after, clock, services.record_contact, attempt)

    def taken(self) -> "Sample":
        return self.then(0, "9:45", services.give, self.clerk)

    def noted(self, after: int, clock: str, text: str) -> "Sample":
        return self.then(after, clock, services.write_note, f"Sample note: {text}")

    def agreed(self, after: int, clock: str, visit_on: int, visit_at: str, **named) -> "Sample":
        """Agree on an evaluation on a day counted from today."""
        when = self.desk.at(visit_on, visit_at)
        visit = {"clinician": "Dr. Sample", "place": "Sample Building, room 2"}
        return self.then(after, clock, services.schedule, when, **visit, **named)

    def closed(self, after: int, clock: str, reason: str, **named) -> "Sample":
        return self.then(after, clock, services.move, Status.CLOSED, reason=reason, **named)

    def tried_in_vain(self) -> "Sample":
        for after, attempt in ((1, Event.NO_ANSWER), (2, Event.LEFT_MESSAGE), (4, Event.NO_ANSWER)):
            self.called(after, "14:20", attempt)
        return self

    def mail(self, kind: str) -> Message:
        return self.request.messages.get(kind=kind)

    def _on(self, after, clock):
        at = self.desk.at(self.days + after, clock)
        return time_machine.travel(min(at, self.desk.now), tick=False)


def _answers(number: int, words) -> dict:
    """Return the answers of one person; different numbers give different ones."""
    families = [family.slug for family in words.families]
    for_other, way = number % 9 == 4, ("phone", "phone", "text", "email")[number % 4]
    concerns, tried = choices.Concern.values, choices.Tried.values
    return {
        "name": f"Sample Patient {number:02}",
        "for_whom": "other" if for_other else "self",
        "helper_name": f"Sample Helper {number:02}" if for_other else "",
        "helper_relation": "daughter (sample)" if for_other else "",
        "contact_by": way,
        "phone": "" if number % 12 == 7 and way == "email" else f"+1555010{number + 100:04}",
        "email": f"sample-{number:02}@mail.example" if way == "email" or number % 3 else "",
        "may_text": way == "text",
        "may_leave_message": number % 3 == 0,
        "who_may_answer": ("", *choices.WhoMayAnswer.values)[number % 4],
        "trusted_person": f"Sample Friend {number:02}" if number % 4 == 2 else "",
        "best_times": [choices.BestTime.values[number % 4]],
        "times_to_avoid": "Sample: not on Tuesdays" if number % 5 == 1 else "",
        "access_needs": {0: ["interpreter"], 3: ["wheelchair", "companion"], 5: ["hearing"]}.get(number % 7, []),
        "language": ("Spanish", "Vietnamese")[number % 2] if number % 7 == 0 else "",
        "fusions": choices.Fusions.values[number % 4],
        "fusion_areas": [choices.FusionArea.values[number % 3]],
        "fusion_year": str(2008 + number % 16),
        "fusion_levels": "L4-L5" if number % 3 == 0 else "",
        "concerns": [concerns[number % len(concerns)], concerns[(number + 5) % len(concerns)]],
        "tried": [tried[number % len(tried)]],
        "interests": [families[number % len(families)], *(["not-sure"] if number % 5 == 0 else [])],
        "insurance": choices.Insurance.values[number % 3],
        "insurer": "Sample Insurance" if number % 3 == 0 else "",
        "message": "Sample words: it hurts most when I stand up." if number % 2 else "",
    }


# -- What happened to whom ---------------------------------------------------------------------------------------------


def _new(desk):
    desk.sample(0, "8:40", needs_same_day_call=True, may_leave_message=False)
    desk.sample(-1, "16:30", needs_same_day_call=True).called(1, "9:05", Event.NO_ANSWER)
    desk.sample(0, "9:15")
    desk.sample(0, "10:05", by_phone=True).noted(0, "10:10", "called us, speaks softly, prefers mornings.")
    desk.sample(-1)
    desk.sample(-1)
    desk.sample(-2)
    desk.sample(-4)  # overdue, and nobody's
    desk.sample(-6).taken()  # overdue
    desk.sample(-9).taken().called(1, "15:00", Event.NO_ANSWER).called(2, "11:30", Event.NO_ANSWER)
    again = {"name": "Sample Patient 10", "phone": "+15550100110", "email": "sample-10@mail.example"}
    desk.sample(-1, "9:00", **again | {"contact_by": "phone"})
    desk.sample(-1, "9:12", **again | {"contact_by": "phone"})  # sent twice


def _being_handled(desk):
    reached = desk.sample(-3).taken().called(1, "10:40", Event.REACHED)
    reached.noted(1, "10:45", "wants to ask a family member first.")
    reached.then(1, "10:50", services.put_off, desk.at(3, "9:00").date())
    desk.sample(-2).called(1, "13:15", Event.NO_ANSWER)
    desk.sample(-3).called(1, "9:30", Event.WRONG_NUMBER).noted(1, "9:32", "this number belongs to a shop.")
    desk.sample(-6).taken().tried_in_vain()  # the letter is due
    cancelled = desk.sample(-7).called(1, "11:00", Event.REACHED).agreed(1, "11:05", 4, "10:00")
    cancelled.then(5, "9:20", services.cancel_visit, reason=CancelReason.PATIENT)
    undone = desk.sample(-3).called(1, "12:05", Event.REACHED)
    undone.closed(2, "9:00", ClosedReason.NOT_SUITABLE).then(2, "9:01", services.undo)
    opened_again = desk.sample(-12).closed(1, "9:00", ClosedReason.NOT_SUITABLE)
    opened_again.then(9, "10:15", services.move, Status.IN_HAND).noted(9, "10:16", "called back with a new question.")
    failed = desk.sample(-2, email="sample-19@mail.example")
    kind = Message.Kind.PATIENT_RECEIVED
    failed.by_itself(0, "19:40", outbox.give_up, failed.mail(kind), Message.State.FAILED, error="SMTPRecipientsRefused")
    bounced = desk.sample(-3, email="sample-20@mail.example").called(1, "9:50", Event.REACHED)
    bounced.by_itself(1, "20:00", outbox.give_up, bounced.mail(kind), Message.State.BOUNCED)


def _waiting(desk):
    desk.sample(-4).taken().called(1, "10:30", Event.LEFT_MESSAGE)
    desk.sample(-2).called(1, "16:10", Event.LEFT_MESSAGE)
    desk.sample(-5).called(1, "9:40", Event.REACHED).then(1, "9:45", services.move, Status.WAITING)
    desk.sample(-7).tried_in_vain().then(5, "15:30", services.record_letter)
    desk.sample(-20).tried_in_vain().then(5, "15:30", services.record_letter)  # no answer to it
    changed = desk.sample(-5, contact_by="phone").called(1, "14:00", Event.LEFT_MESSAGE)
    times = {"best_times": ["afternoon"], "times_to_avoid": "Sample: not before 2"}
    changed.by_itself(3, "18:00", services.change_by_patient, changed.request, times)


def _put_right(desk):
    wrong = desk.sample(-4, contact_by="phone").called(1, "10:05", Event.WRONG_NUMBER)
    wrong.then(2, "9:10", services.correct_contact, {"phone": "+15550100199"})


def _scheduled(desk):
    for visit_on, visit_at in ((0, "9:30"), (0, "11:00"), (0, "14:30"), (0, "16:00"), (1, "10:00"), (1, "13:30")):
        desk.sample(-8).taken().called(1, "10:20", Event.REACHED).agreed(1, "10:25", visit_on, visit_at)
    desk.sample(-6).called(1, "13:00", Event.REACHED).agreed(1, "13:05", 5, "9:00")
    moved = desk.sample(-10).called(1, "9:10", Event.REACHED).agreed(1, "9:15", 2, "15:00")
    moved.agreed(6, "10:00", 9, "11:00", reason=CancelReason.CLINIC)
    desk.sample(-11).called(1, "11:20", Event.REACHED).agreed(1, "11:25", -1, "10:30")  # did it take place?


def _spam(desk):
    for days, suspicion in ((-1, Suspicion.HIDDEN_FIELD), (-3, Suspicion.TOO_FAST), (-4, Suspicion.FLOOD)):
        desk.sample(days, suspicion=suspicion, message="Sample of spam: buy now")
    desk.sample(-5, message="Sample of spam: we can improve your website").then(1, "9:00", services.shelve)
    desk.sample(-6, suspicion=Suspicion.TOO_FAST).then(1, "9:02", services.unshelve)


def _closed(desk):
    """One or two a week, over the last twelve weeks, with each reason; and some whose time is soon over."""
    ends = (_seen, _seen, _not_reached, _seen, _withdrawn, _seen, _not_suitable, _seen, _sent_twice)
    for number, days in enumerate(range(-66, -9, 3)):
        ends[number % len(ends)](desk, days)
    kept = desk.words.clinic.keep_requests_days or privacy.KEEP_CLOSED_DAYS
    for left in (4, 20, 45):
        old = _not_suitable(desk, -min(kept - left, 360) * 5 // 7)
    until = desk.words.today + datetime.timedelta(days=90)
    old.then(3, "9:00", services.hold, until, reason=EvaluationRequest.HoldReason.COMPLAINT)


def _seen(desk, days):
    visit = desk.sample(days).taken().called(1, "10:10", Event.REACHED).agreed(1, "10:15", days + 6, "11:00")
    visit.closed(6, "12:15", ClosedReason.SEEN)


def _not_reached(desk, days):
    desk.sample(days).tried_in_vain().then(5, "15:00", services.record_letter).closed(
        8, "9:00", ClosedReason.NOT_REACHED
    )


def _withdrawn(desk, days):
    sample = desk.sample(days).called(1, "11:40", Event.LEFT_MESSAGE)
    sample.by_itself(2, "20:10", services.withdraw, sample.request)


def _not_suitable(desk, days):
    called = desk.sample(days).called(1, "15:20", Event.REACHED)
    called.noted(1, "15:30", "needs a hand surgeon, gave two names.")
    return called.closed(1, "15:35", ClosedReason.NOT_SUITABLE)


def _sent_twice(desk, days):
    first = desk.sample(days, "8:00").called(1, "9:10", Event.REACHED)
    same = {name: getattr(first.request, name) for name in ("name", "contact_by", "phone", "email", "may_text")}
    second = desk.sample(days, "8:10", **same)
    second.closed(1, "9:00", ClosedReason.DUPLICATE, duplicate_of=first.request.reference)
    first.agreed(1, "9:15", days + 5, "14:00").closed(5, "15:00", ClosedReason.SEEN)
