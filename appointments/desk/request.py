"""One request on one page: how to reach its sender safely, what they told us, what was done, and what can be done.

What a patient wrote can be read here and changed nowhere. Each button is an act of `services`, with its line in the
record. An act that is refused comes back on the same page, with everything that was typed.
"""

import datetime

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Max, Q
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from appointments import access, choices, privacy, services, tracking, waiting
from appointments.business_days import midnight
from appointments.desk import frame
from appointments.desk.forms import CancelForm, CloseForm, CorrectForm, NoteForm, PutOffForm, ScheduleForm
from appointments.encryption import Unreadable
from appointments.models import Access, EvaluationRequest, Message, RequestEvent
from appointments.models.statuses import MOVES
from treatments import library, phone
from treatments.models import Presence

Status, ClosedReason, Event = EvaluationRequest.Status, EvaluationRequest.ClosedReason, RequestEvent.Kind
Seen = Access.Kind

NOT_ANSWERED = "Not answered"
HERE = datetime.timedelta(minutes=2)
"""Who has not been heard of for longer has closed the page. Its script tells twice a minute."""
ONE_LOOK = datetime.timedelta(minutes=30)
"""Somebody who opens a request several times in this time is one line of what happened."""
ATTEMPTS = {
    Event.REACHED: "I reached them",
    Event.LEFT_MESSAGE: "I left a message, or wrote to them",
    Event.NO_ANSWER: "No answer",
    Event.WRONG_NUMBER: "Wrong number",
}
BY = {name: f"the {name}" for name in (RequestEvent.PATIENT, RequestEvent.WEBSITE, RequestEvent.COMMAND_LINE)}
DETAILS = {
    **dict(Status.choices),
    **dict(ClosedReason.choices),
    **dict(Message.Kind.choices),
    **dict(services.CancelReason.choices),
    "contact": "how to reach them",
    "times": "when to reach them",
    "phone": "by phone",
}
WHY_NOT_SENT = {
    "SMTPRecipientsRefused": "the mail server refused the address",
    "SomeRefusedError": "the mail server refused one of the addresses; the others have it",
    "UnsendableError": "the address cannot be read",
}


def open_request(request, object_id):
    """Show one request: how to reach its sender safely comes before the number to dial."""
    frame.require(request, "view")
    if request.method == "POST":
        raise PermissionDenied
    return _page(request, _found(request, object_id))


def act(request, object_id):
    """Do one of the acts that the buttons and forms of a request stand for.

    A second click, or somebody who did not see what a colleague or the patient has just done, changes nothing.
    """
    frame.require(request, "handle")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    found = _found(request, object_id)
    name = request.POST.get("act", "")
    form = _forms(found, request.POST, name).get(name)
    if form and not form.is_valid():
        return _page(request, found, typed=form, status=422)
    try:
        with transaction.atomic():
            found = EvaluationRequest.objects.select_for_update().filter(pk=found.pk).first()
            if found is None:
                raise Http404
            # A note changes nothing that a colleague has done.
            seen = _seen(found)
            if name != NoteForm.act and request.GET.get("seen", seen) != seen:
                raise services.RefusedError("Something has just happened with this request. Please look again.")
            done = _do(found, name, request.POST, form and form.values(), request.user)
    except services.RefusedError as error:
        return _page(request, _found(request, object_id), typed=form, refused=str(error), status=409)
    if not done:
        return _page(
            request, _found(request, object_id), refused="Nothing was changed. Choose one of the buttons.", status=409
        )
    found.refresh_from_db()
    messages.success(request, "Done, and put on record." + _comes_back(found, request.library.today))
    return redirect("admin:appointments_evaluationrequest_change", found.pk)


def _do(found, name, posted, typed, user) -> bool:
    """Do what a button says, and return whether there is such a button. Raises services.RefusedError."""
    value, by = posted.get("value", ""), user.get_username()
    match name:
        case "contact" if value in ATTEMPTS:
            services.record_contact(found, value, by=by)
        case "move" if value in Status.values:
            services.move(found, value, by=by)
        case CloseForm.act:
            services.move(found, Status.CLOSED, by=by, **typed)
        case PutOffForm.act:
            services.put_off(found, typed["day"], by=by)
        case CorrectForm.act:
            services.correct_contact(found, typed, by=by)
        case ScheduleForm.act:
            when, reason = typed["when"], typed.get("reason", "")
            services.schedule(found, when, clinician=typed["clinician"], place=typed["place"], reason=reason, by=by)
        case CancelForm.act:
            services.cancel_visit(found, reason=typed["reason"], by=by)
        case NoteForm.act:
            services.write_note(found, typed["text"], by=by)
        case "give":
            services.give(found, _colleague(value), by=by)
        case "letter":
            services.record_letter(found, by=by)
        case "undo":
            services.undo(found, by=by)
        case "shelve":
            services.shelve(found, by=by)
        case "unshelve":
            services.unshelve(found, by=by)
        case "send again":
            message = next((one for one in found.messages.all() if str(one.pk) == value), None)
            if message is None:
                return False
            services.send_again(message, by=by)
        case _:
            return False
    return True


def next_request(request):
    """Lead to what has to be done next, other than the request that one comes from."""
    frame.require(request, "view")
    todo = EvaluationRequest.objects.filter(waiting.now(request.library.today)).order_by(*waiting.IN_ORDER)
    after = request.GET.get("after", "")
    found = todo.exclude(pk=after if after.isdigit() else None).values_list("pk", flat=True).first()
    if found:
        return redirect("admin:appointments_evaluationrequest_change", found)
    messages.success(request, "There is nothing else to do now.")
    return redirect("admin:appointments_evaluationrequest_changelist")


def here(request, object_id):
    """Note that somebody still has a request open, and say who else has."""
    frame.require(request, "view")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    found = _found(request, object_id)
    context = {"others": _others(found, request.user)}
    return TemplateResponse(request, "admin/appointments/includes/here.html", context)


# -- On paper --------------------------------------------------------------------------------------------------------


def on_paper(request, object_id):
    """Show a request as one page for the chart."""
    frame.require(request, "view")
    found = _found(request, object_id)
    access.record(request, Seen.PRINTED, [found.reference])
    return frame.page(request, "request_paper.html", str(found), **_what_we_know(found, request) | {"found": found})


def letter(request, object_id):
    """Show the letter to somebody who could not be reached. It names nothing about their health."""
    frame.require(request, "handle")
    found = _found(request, object_id)
    access.record(request, Seen.PRINTED, [found.reference], detail="letter")
    context = {"found": found, "until": services.after_letter(), "handle": _handle(found)}
    return frame.page(request, "letter_paper.html", f"Letter about {found}", **context)


def day(request):
    """Show the evaluations of one day at the clinic: today's, unless the address names another."""
    frame.require(request, "view")
    try:
        on = datetime.date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        on = request.library.today
    before, after = on - datetime.timedelta(days=1), on + datetime.timedelta(days=1)
    start, end = (midnight(edge, request.library.clinic) for edge in (on, after))
    scheduled = EvaluationRequest.objects.filter(waiting.OPEN, status=Status.SCHEDULED)
    visits = list(scheduled.filter(scheduled_for__gte=start, scheduled_for__lt=end).order_by("scheduled_for", "pk"))
    access.record(request, Seen.PRINTED, [visit.reference for visit in visits], detail="day")
    context = {
        "on": on,
        "before": before,
        "after": after,
        "visits": [(visit, _needs(visit, request.library)) for visit in visits],
    }
    return frame.page(request, "day_paper.html", f"Evaluations on {date_format(on, 'l, F j, Y')}", **context)


def beside(request, object_id, other_id):
    """Show two requests side by side, to tell whether they are from one person and about one thing."""
    frame.require(request, "view")
    pair = [_found(request, object_id), _found(request, other_id)]
    access.record(request, Seen.VIEWED, [one.reference for one in pair], detail="side by side")
    columns = [_lines(one, request.library) for one in pair]
    lines = [(label, left, right, left != right) for (label, left), (_, right) in zip(*columns, strict=True)]
    context = {
        "pair": pair,
        "lines": lines,
        "may_close": request.user.has_perm("appointments.handle_evaluationrequest"),
        "closes": [
            (one, other, _handle(one)) for one, other in (pair, pair[::-1]) if Status.CLOSED in MOVES[one.status]
        ],
    }
    return frame.page(request, "beside_paper.html", f"{pair[0]} beside {pair[1].spoken_reference}", **context)


# -- The page --------------------------------------------------------------------------------------------------------


def _page(request, found, *, typed=None, refused="", status=200):
    user = request.user
    access.record(request, Seen.VIEWED, [found.reference])
    may_handle = user.has_perm("appointments.handle_evaluationrequest")
    moves = [one for one in Status if one in MOVES[found.status] and one not in (Status.CLOSED, Status.SCHEDULED)]
    if found.scheduled_for and found.status == Status.SCHEDULED:
        moves = []  # it is cancelled first
    can_undo = may_handle and services.can_undo(found, by=user.get_username())
    forms = _forms(found) | ({typed.act: typed} if typed else {})
    mails = list(found.messages.order_by("created_at", "pk"))
    context = {
        "found": found,
        "refused": refused,
        "handle": _handle(found),
        "step": waiting.next_step(found, request.library.today, timezone.now()),
        "overdue_days": (request.library.today - found.reply_by).days if found.is_overdue else 0,
        "stands": _status(found),
        "patient_reads": _patient_reads(found),
        "others": _others(found, user),
        "events": _timeline(found, mails),
        "looked": _who_looked(found),
        "notes": found.notes.all(),
        "mails": [(message, _mail_words(message)) for message in mails],
        "same_person": _same_person(found),
        "may_handle": may_handle,
        "may_delete": user.has_perm("appointments.delete_evaluationrequest"),
        "may_export": user.has_perm("appointments.export_evaluationrequest"),
        "can_undo": can_undo,
        "last_click": RequestEvent.objects.get(pk=found.before["event"]).get_kind_display() if can_undo else "",
        "colleagues": _colleagues() if may_handle else (),
        "attempts": [(kind.value, words) for kind, words in ATTEMPTS.items()],
        "most_tries": services.MOST_TRIES,
        "is_open": found.status != Status.CLOSED,
        "moves": [(one.value, f"Move to “{one.label}”") for one in moves],
        **{f"{name.replace(' ', '_')}_form": form for name, form in forms.items()},
        **_what_we_know(found, request),
    }
    return frame.page(request, "request.html", str(found), status=status, **context)


def _forms(found, posted=None, name="") -> dict:
    """Return the forms of a request by the name of their act; the one that was posted is filled in."""
    made = {}
    for form in (NoteForm, PutOffForm, CloseForm, CancelForm):
        made[form.act] = form(posted if form.act == name else None)
    for form in (ScheduleForm, CorrectForm):
        made[form.act] = form(posted if form.act == name else None, request=found)
    return made


def _handle(found) -> str:
    """Return where the buttons lead, with how much of the record somebody has seen who presses one."""
    address = reverse("admin:appointments_evaluationrequest_handle", args=[found.pk])
    return f"{address}?seen={_seen(found)}"


def _seen(found) -> str:
    return str(RequestEvent.objects.filter(reference=found.reference).count())


def _found(request, object_id) -> EvaluationRequest:
    if not str(object_id).isdigit():
        raise Http404
    requests = EvaluationRequest.objects.select_related("owner", "duplicate_of")
    found = waiting.with_urgency(requests, request.library.today).filter(pk=object_id).first()
    if found is None:
        raise Http404
    return found


def _colleagues():
    """Return who can look after a request."""
    return (
        get_user_model()
        .objects.with_perm("appointments.handle_evaluationrequest", backend="django.contrib.auth.backends.ModelBackend")
        .order_by("username")
    )


def _colleague(value):
    """Return the user with this key, or None for nobody. Raises services.RefusedError."""
    if value == "nobody":
        return None
    found = _colleagues().filter(pk=value).first() if value.isdigit() else None
    if found is None:
        raise services.RefusedError("This person cannot look after requests.")
    return found


def _others(found, user):
    Presence.objects.note(found, user)
    here = Presence.objects.filter(kind=found.kind(), content_id=found.pk, seen_at__gte=timezone.now() - HERE)
    return here.exclude(user=user).select_related("user").order_by("opened_at")


def _comes_back(found, today) -> str:
    """Say when a request that is out of the way comes back."""
    if found.status in (Status.CLOSED, Status.SCHEDULED) or not found.next_try_on or found.next_try_on <= today:
        return ""
    return f" It comes back by itself on {date_format(found.next_try_on, 'l, F j')}."


def _status(found) -> str:
    words = [found.get_status_display(), found.get_closed_reason_display()]
    return ": ".join(filter(None, words)) + (" (suspected spam)" if found.suspicion else "")


def _patient_reads(found) -> list[str]:
    """Return what the sender reads on their page, word for word."""
    lines = [tracking.patient_status(found)]
    if visit := tracking.visit_of(found):
        lines += [f"With: {visit['clinician']}", f"Where: {visit['place']}"]
    if attempt := tracking.last_attempt(found):
        at = timezone.localtime(attempt[0])
        lines.append(f"Last time we tried to reach you: {date_format(at, 'l, F j, Y, g:i A T')}: {attempt[1]}")
    return lines


def _what_we_know(found, request) -> dict:
    return {
        "safely": _safe_contact(found, request.library),
        "phone": phone.display(found.phone),
        "can_dial": found.phone and not isinstance(found.phone, Unreadable),
        "can_write": found.email and not isinstance(found.email, Unreadable),
        "answers": [(name, _words(found, field, request.library)) for name, field in ANSWERS.items()],
        "visit": tracking.visit_of(found),
    }


def _safe_contact(found, words: library.Library) -> list[tuple[str, str]]:
    """Return what has to be known before somebody calls, in the order in which it matters.

    A rule that was not answered is told as its strictest form; what else was not answered is left out, so that the
    number to dial stands in sight.
    """
    person = [found.name] if found.for_whom == "self" else [found.name, "Someone else asks for them."]
    helper = f"{found.helper_name} ({found.helper_relation})" if found.helper_relation else found.helper_name
    if found.who_may_answer:
        rule = f"“{_words(found, 'who_may_answer', words)}”"
    else:  # silence means the strictest rule, as the form says
        rule = f"“{choices.WhoMayAnswer.ONLY_PATIENT.label}”\nThey did not choose, so this is the rule."
    return [
        ("Name", "\n".join(person)),
        *([("Who asks for them", helper)] if helper else []),
        ("May we leave a message?", "Yes" if found.may_leave_message else "NO. Leave no message."),
        ("May we send text messages?", "Yes" if found.may_text else "NO. Send no text message."),
        ("Who may know that we call?", rule),
        ("Whom else we may speak with", found.trusted_person or "Nobody"),
        *((label, _words(found, field, words)) for label, field in COMFORT.items() if getattr(found, field)),
        ("They like best", found.get_contact_by_display()),
    ]


COMFORT = {
    "Good times": "best_times",
    "Times that do not work": "times_to_avoid",
    "Language for the interpreter": "language",
    "What would help them": "access_needs",
    "Other needs": "needs",
}
"""What makes a call good for them."""


ANSWERS = {
    "What bothers them most": "concerns",
    "In their own words": "message",
    "Spinal fusion": "fusions",
    "Where it was fused": "fusion_areas",
    "Year of the last fusion": "fusion_year",
    "Fused levels": "fusion_levels",
    "What they tried": "tried",
    "Interested in": "interests",
    "Insurance": "insurance",
    "Insurance company": "insurer",
}
"""What the patient told us about the evaluation they want."""


def _words(found, field, words: library.Library) -> str:
    """Return an answer in words, one a line, and as it is what is no answer of today's list."""
    value = getattr(found, field)
    labels = choices.labels(field, words)
    chosen = value if isinstance(value, list) else [value]
    return "\n".join(str(labels.get(one, one)) for one in chosen if one) or NOT_ANSWERED


def _needs(found, words) -> list[str]:
    """Return what somebody needs on the day of the evaluation."""
    labels = choices.labels("access_needs", words)
    needs = [str(labels.get(one, one)) for one in found.access_needs or ()]
    return [*needs, *filter(None, [found.language, found.needs])]


def _lines(found, words) -> list[tuple[str, str]]:
    """Return everything that tells two requests of one person apart, or shows that they are one."""
    return [
        ("Received", date_format(timezone.localtime(found.received_at), "l, F j, Y, g:i A")),
        ("Status", _status(found)),
        ("Name", found.name),
        ("Who asks for them", found.helper_name or NOT_ANSWERED),
        ("Phone", phone.display(found.phone) or "None given"),
        ("E-mail", found.email or "None given"),
        *((label, _words(found, field, words)) for label, field in ANSWERS.items()),
    ]


# -- What happened -----------------------------------------------------------------------------------------------------


def _timeline(found, mails) -> list[dict]:
    """Return all that happened with a request, in order: acts, looks and mail."""
    lines = what_was_done(found.reference)
    lines += [
        {"at": message.sent_at, "what": "Mailed", "detail": message.get_kind_display(), "by": BY["website"]}
        for message in mails
        if message.sent_at
    ]
    return sorted([*lines, *_looks(found)], key=lambda line: line["at"])


def what_was_done(reference: str) -> list[dict]:
    """Return what was done with a request, in order, as staff read it; also with one that is gone."""
    events = list(RequestEvent.objects.filter(reference=reference))
    undone = {int(event.detail) for event in events if event.kind == Event.UNDONE}
    return [_event(event, undone) for event in events]


def _event(event, undone) -> dict:
    """Return one line of the record as staff read it."""
    detail = DETAILS.get(event.detail, event.detail)
    if event.kind == Event.UNDONE:
        detail = ""
    elif event.kind == Event.PUT_OFF:
        detail = date_format(datetime.date.fromisoformat(event.detail), "l, F j, Y")
    elif event.kind == Event.HELD:
        reason, _, day = event.detail.partition(", until ")
        reason = EvaluationRequest.HoldReason(reason).label
        detail = f"through {date_format(datetime.date.fromisoformat(day), 'F j, Y')}: {reason}"
    if event.pk in undone:
        detail = f"{detail}; undone" if detail else "undone"
    return {"at": event.at, "what": event.get_kind_display(), "detail": detail, "by": BY.get(event.by, event.by)}


def _looks(found):
    """Return who opened, printed or exported a request; somebody who opens it again soon is one line."""
    lines, last = [], {}
    kinds = (Seen.VIEWED, Seen.PRINTED, Seen.EXPORTED)
    for look in access.of_request(found.reference).filter(kind__in=kinds).order_by("at", "pk"):
        before = last.get((look.by, look.kind))
        last[look.by, look.kind] = look.at
        if before is None or look.at - before > ONE_LOOK:
            lines.append({"at": look.at, "what": look.get_kind_display(), "detail": look.detail, "by": look.by})
    return lines


def _who_looked(found):
    """Return who saw a request, how often and when last, also where it was one of many in a list."""
    return (
        access.of_request(found.reference)
        .order_by()
        .values("by")
        .annotate(
            opened=Count("pk", filter=Q(kind=Seen.VIEWED)),
            listed=Count("pk", filter=Q(kind__in=(Seen.LISTED, Seen.FOUND))),
            printed=Count("pk", filter=Q(kind=Seen.PRINTED)),
            exported=Count("pk", filter=Q(kind=Seen.EXPORTED)),
            last=Max("at"),
        )
        .order_by("-last")
    )


def _same_person(found):
    """Return other requests with the same phone number or e-mail address, the latest first."""
    others = privacy.of_same_person(found).exclude(pk=found.pk).order_by("-received_at")[:20]
    return [(other, _status(other)) for other in others]


def _mail_words(message) -> str:
    """Return what became of a message."""
    state = capfirst(message.get_state_display())
    if message.state == Message.State.FAILED:
        return f"{state}: {WHY_NOT_SENT.get(message.last_error, 'the mail server did not take it')}"
    if message.state == Message.State.QUEUED and message.attempts:
        return f"{state}. It was tried {message.attempts} times and will be tried again"
    return state
