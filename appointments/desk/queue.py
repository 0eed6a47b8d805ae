"""The queue: whom to call next, how they may be reached, and who looks after them."""

import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponseNotAllowed, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from appointments import access, references, services, waiting
from appointments.business_days import midnight
from appointments.desk import frame
from appointments.desk.forms import FilterForm
from appointments.models import Access, EvaluationRequest, SavedView
from treatments import phone

Status = EvaluationRequest.Status

PER_PAGE = 50
MOST_FOUND = 200
"""A search that finds more says so, and shows these."""
VIEWS = {
    "now": "To do now",
    "call": "Call today",
    "overdue": "Overdue",
    "mine": "Mine",
    "unassigned": "Nobody’s yet",
    "waiting": "Waiting for the patient",
    "later": "Coming back later",
    "scheduled": "Scheduled",
    "mail": "Mail not delivered",
    "closed": "Closed",
    "spam": "Suspected spam",
    "all": "All",
}
ONLY_WHEN_ANY = {"call", "overdue", "mail"}
"""These are shown as long as there is something in them."""
SEARCH = "desk search"
"""Where the session, which is encrypted, keeps what somebody looks for: a name must not stand in an address."""
NEEDED = (
    "reference", "status", "closed_reason", "suspicion", "received_at", "reply_by", "needs_same_day_call", "call_first",
    "due_on", "answered_at", "tries", "next_try_on", "letter_on", "scheduled_for", "for_whom", "contact_by",
    "may_leave_message", "may_text", "name", "access_needs", "owner__username", "owner__first_name", "owner__last_name",
)  # fmt: skip
"""The columns that the list shows. The others need not be decrypted for it."""


def queue(request):
    """Show the requests of one view of the desk, with what has to be done next with each."""
    frame.require(request, "view")
    form = _filters(request)
    name, is_filtered = form.view, bool(form.values.keys() - {"show"})
    counts = waiting.counts(request.library.today, request.user)
    paginator = Paginator(_chosen(request, form), PER_PAGE)
    if name in counts and not is_filtered:
        paginator.count = counts[name]
    page = paginator.get_page(request.GET.get("page"))
    return _list(request, name, page, counts, {"filters": form, "is_filtered": is_filtered})


def chosen(request) -> QuerySet[EvaluationRequest]:
    """Return the requests that the filters in the address choose, in the order of the queue."""
    return _chosen(request, _filters(request))


def _chosen(request, form):
    shown = in_view(form.view, request.library.today, request.user)
    return EvaluationRequest.objects.filter(shown, _filtered(form.values, request)).order_by(*_order(form.view))


def in_view(name: str, today: datetime.date, user) -> Q:
    """Return what a view of the desk shows; `today` is the day at the clinic."""
    return {
        "now": waiting.now(today),
        "call": waiting.CALL,
        "overdue": waiting.overdue(today),
        "mine": waiting.OPEN & Q(owner=user),
        "unassigned": waiting.OPEN & Q(owner=None),
        "waiting": waiting.OPEN & Q(status=Status.WAITING),
        "later": waiting.later(today),
        "scheduled": waiting.OPEN & Q(status=Status.SCHEDULED),
        "mail": waiting.OPEN & waiting.MAIL_FAILED,
        "closed": Q(status=Status.CLOSED, suspicion=""),
        "spam": ~Q(suspicion=""),
        "all": Q(suspicion=""),
    }[name]


def _order(name):
    if name == "scheduled":
        return ("scheduled_for", "pk")
    if name == "closed":
        return ("-closed_at", "-pk")
    return ("-received_at", "-pk") if name in ("all", "spam") else waiting.IN_ORDER


def _filters(request):
    return FilterForm(request.GET, library=request.library, views=VIEWS)


def _filtered(values, request):
    found = Q()
    if status := values.get("status"):
        found &= Q(status=status)
    if owner := values.get("owner"):
        found &= {
            "me": Q(owner=request.user),
            "nobody": Q(owner=None),
            "others": Q(owner__isnull=False) & ~Q(owner=request.user),
        }[owner]
    if treatment := values.get("treatment"):
        field = EvaluationRequest._meta.get_field("interest_lookups")
        found &= Q(interest_lookups__overlap=field.digests(treatment))
    if age := values.get("age"):
        days = FilterForm.AGES.get(age, FilterForm.AGES["month"])
        since = midnight(request.library.today - datetime.timedelta(days=days), request.library.clinic)
        found &= Q(received_at__lt=since) if age == FilterForm.OLDER else Q(received_at__gte=since)
    return found


# -- Searching -----------------------------------------------------------------------------------------------------


def search(request):
    """Take what somebody looks for, and show what it finds. It is posted, so it stands in no address and no log."""
    frame.require(request, "view")
    if request.method == "POST":
        words = request.POST.get("words", "").strip()[:200]
        if words:
            request.session[SEARCH] = words
        else:
            request.session.pop(SEARCH, None)
            return redirect(_address())
        return redirect("admin:appointments_evaluationrequest_search")
    words = request.session.get(SEARCH)
    if not words:
        return redirect(_address())
    found = list(_with_what_is_shown(find(words).order_by("-received_at", "-pk"), request)[: MOST_FOUND + 1])
    page = Paginator(found[:MOST_FOUND], MOST_FOUND).get_page(1)
    counts = waiting.counts(request.library.today, request.user)
    return _list(request, "search", page, counts, {"words": words, "too_many": len(found) > MOST_FOUND})


def find(words: str) -> QuerySet[EvaluationRequest]:
    """Return the requests that have this reference, phone number or e-mail address, or a name with these beginnings.

    Suspected spam and closed requests are among them.
    """
    requests = EvaluationRequest.objects.all()
    if "@" in words:
        return requests.from_person(email=words)
    if (by_reference := requests.filter(reference=references.normal(words))).exists():
        return by_reference
    if any(character.isdigit() for character in words) and (number := phone.parse(words)):
        return requests.from_person(phone=number)
    return requests.matching(words)


# -- Saved views ---------------------------------------------------------------------------------------------------


def save_view(request):
    """Keep the filters of the queue under a name, for this user, or forget a view of theirs."""
    frame.require(request, "view")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if forget := request.POST.get("forget"):
        get_object_or_404(SavedView, pk=forget, owner=request.user).delete()
        messages.success(request, "The view is forgotten.")
        return redirect(_address())
    form = FilterForm(request.POST, library=request.library, views=VIEWS)
    query = urlencode(form.values)
    view = SavedView(owner=request.user, name=request.POST.get("name", "").strip(), query=query)
    try:
        view.full_clean()
    except ValidationError as error:
        messages.error(request, "Give the view a name of its own, of 40 letters at most. " + " ".join(error.messages))
    else:
        view.save()
        messages.success(request, f"The view “{view.name}” is saved.")
    return redirect(_address(query))


# -- Several at once -------------------------------------------------------------------------------------------------

MANY = {
    "mine": ("Give to me", lambda one, user: services.give(one, user, by=user.get_username())),
    "nobody": ("Give to nobody", lambda one, user: services.give(one, None, by=user.get_username())),
    "shelve": ("This is spam", lambda one, user: services.shelve(one, by=user.get_username())),
    "unshelve": ("This is not spam", lambda one, user: services.unshelve(one, by=user.get_username())),
}
"""What is safe to do with several requests at once: each can be taken back, and none of it tells the patient."""


def many(request):
    """Do one thing with all requests that were ticked."""
    frame.require(request, "handle")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    picked = [one for one in request.POST.getlist("pick") if one.isdigit()][:PER_PAGE]
    act = MANY.get(request.POST.get("act"))
    if not act or not picked:
        messages.error(request, "Nothing was changed. Tick requests first, then choose a button.")
    else:
        requests = EvaluationRequest.objects.filter(pk__in=picked)
        for one in requests:
            act[1](one, request.user)
        count = len(requests)
        messages.success(request, f"Done for {count} request{'' if count == 1 else 's'}, and put on record.")
    back = FilterForm(QueryDict(request.POST.get("back", "")), library=request.library, views=VIEWS)
    return redirect(_address(urlencode(back.values)))


# -- What the lists share --------------------------------------------------------------------------------------------


def _list(request, name, page, counts, context):
    today, now = request.library.today, timezone.now()
    rows = page.object_list
    if isinstance(rows, QuerySet):
        rows = list(_with_what_is_shown(rows, request))
    kind = Access.Kind.FOUND if name == "search" else Access.Kind.LISTED
    access.record(request, kind, [row.reference for row in rows], detail=name)
    query = {key: value for key, value in request.GET.items() if key != "page"}
    may_handle = request.user.has_perm("appointments.handle_evaluationrequest")
    shown = {
        "name": name,
        "heading": VIEWS.get(name, "Search"),
        "tabs": [
            (key, label, counts.get(key)) for key, label in VIEWS.items() if key not in ONLY_WHEN_ANY or counts[key]
        ],
        "rows": [(row, _row(row, today, now)) for row in rows],
        "page": page,
        "query": urlencode(query),
        "views": SavedView.objects.filter(owner=request.user),
        "may_handle": may_handle,
        "may_export": request.user.has_perm("appointments.export_evaluationrequest"),
        "acts": _acts(name),
    }
    return frame.page(request, "queue.html", "Requests from patients", **shown, **context)


def _with_what_is_shown(requests, request):
    shown = waiting.with_urgency(requests, request.library.today)
    return shown.select_related("owner").only(*NEEDED)


def _acts(name):
    wanted = ("unshelve",) if name == "spam" else ("mine", "nobody", "shelve")
    return [(key, MANY[key][0]) for key in wanted if name != "closed"]


def _row(row, today, now):
    """Return what the list says about a request beside its own columns."""
    late = (today - row.reply_by).days if row.is_overdue else 0
    due = row.scheduled_for if row.status == Status.SCHEDULED else row.due_on
    return {
        "step": waiting.next_step(row, today, now),
        "late": f"{late} day{'' if late == 1 else 's'}" if late else "",
        "due": due,
        "rules": _rules(row),
    }


def _rules(row):
    """Return the rules for contact that somebody has to know before they pick up the phone."""
    rules = []
    if not row.may_leave_message:
        rules.append("NO voicemail")
    if not row.may_text:
        rules.append("NO texts")
    if "interpreter" in (row.access_needs or ()):
        rules.append("interpreter")
    return rules


def _address(query=""):
    return reverse("admin:appointments_evaluationrequest_changelist") + (f"?{query}" if query else "")
