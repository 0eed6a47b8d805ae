"""Asking for an evaluation, page by page. All of it stays out of caches and search engines.

When the database is away, a page comes back with what was typed, tells the phone number, and can simply be sent again.
"""

import json
from functools import wraps

from django.db import DatabaseError, InterfaceError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import drafts, gate
from appointments.business_days import reply_by
from appointments.encryption import decrypt, encrypt
from appointments.forms import STEP_BY_SLUG, STEPS, SafetyForm, SendForm
from appointments.models import RequestDraft
from appointments.services import submit_evaluation_request
from treatments import library
from treatments.models import WarningSign

AWAY = (DatabaseError, InterfaceError)
STOPS = {WarningSign.Level.CALL_911, WarningSign.Level.ER}
"""Levels at which nobody should fill in a form."""
SAME_DAY = {WarningSign.Level.CRISIS_LINE, WarningSign.Level.SAME_DAY}
"""Levels at which the clinic calls on the same day. Staff do not learn which of them it was."""
TOTAL = len(STEPS) + 2
"""All pages with questions: the safety check, the steps, and the last look."""
KEPT = "request.kept"


def private(view):
    """Keep the answer out of every cache, and its address out of what other pages are told."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return wrapped


def words_at_hand(request):
    """Return the words for a page that must be answered whatever happens, and whether the database is away."""
    try:
        return library.published(), False
    except AWAY:
        return library.last_known(), True


def show(request, template, context, *, away=False, status=200):
    """Render a page of the flow. With `away` it says that the database is, and that nothing typed is lost."""
    bones = range(1, TOTAL + 1) if "number" in context else ()
    context = {"form": None, "library": request.library, "away": away, "bones": bones, "total": TOTAL} | context
    response = render(request, f"appointments/{template}.html", context, status=503 if away else status)
    if away:
        response.headers["Retry-After"] = "60"
    return response


@private
@require_safe
def start(request):
    """Say what will be asked, who reads it and when the answer comes; offer to go on where somebody stopped."""
    draft = drafts.present(request)
    interest = request.GET.get("interest", "")
    return show(
        request,
        "start",
        {
            "draft": draft,
            "sent": None if draft else drafts.sent(request),
            "ended": "ended" in request.GET,
            "interest": interest if request.library.treatment(interest) else "",
            "reply_by": reply_by(timezone.now(), request.library.clinic),
        },
    )


@private
@require_POST
def start_over(request):
    """Delete the answers so far."""
    RequestDraft.objects.filter(pk=drafts.key(request)).delete()
    return redirect("request_evaluation")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def safety(request):
    """Ask for warning signs before anything else. What is chosen is answered at once and stored nowhere.

    An emergency stops here, with or without the database. Signs that can wait for a call are told first, and then the
    person can go on.
    """
    words, away = words_at_hand(request)
    if request.method != "POST":
        form = SafetyForm(library=words, initial={"interest": request.GET.get("interest", "")})
        return show(request, "safety", {"form": form, "library": words, "number": 1})
    form = SafetyForm(request.POST, library=words)
    page = {"form": form, "library": words, "number": 1}
    if not form.is_valid():
        return show(request, "safety", page, status=422)
    levels = {sign.level for sign in form.chosen}
    page |= {
        "signs": form.chosen,
        "crisis": WarningSign.Level.CRISIS_LINE in levels,
        "same_day": WarningSign.Level.SAME_DAY in levels,
    }
    if levels & STOPS:
        return show(request, "stop", page)
    if away:
        return _cannot_go_on(request, "safety", page, away=True)
    try:
        return _go_on(request, form, page, levels)
    except AWAY:
        return _cannot_go_on(request, "safety", page, away=True)


def _cannot_go_on(request, template, page, **how):
    """Say why there is no going on just now. Whoever chose a sign is told what to do about that instead."""
    return show(request, "advice" if page["signs"] else template, page, **how)


def _go_on(request, form, page, levels):
    draft, token = drafts.present(request), request.COOKIES.get(drafts.COOKIE)
    if draft is None:
        if request.library.clinic.is_paused:
            return show(request, "advice", page) if form.chosen else redirect("request_evaluation")
        if not gate.may_begin(request):
            return _cannot_go_on(request, "busy", page, status=429)
        draft, token = drafts.begin(interest=form.cleaned_data["interest"])
    same_day = bool(levels & SAME_DAY)
    if draft.needs_same_day_call != same_day:
        draft.needs_same_day_call = same_day
        draft.save(update_fields=["needs_same_day_call", "saved_at"])
    if form.chosen:
        response = show(request, "advice", page | {"next": _address(drafts.undone(draft, request.library))})
    else:
        response = redirect(_address(drafts.undone(draft, request.library)))
    drafts.set_cookie(response, token)
    return response


def _address(step):
    return reverse("request_step", args=[step.slug]) if step else reverse("request_check")


def _elsewhere(request):
    """Lead somebody without a draft to the request they have just sent, else to the beginning."""
    if sent := drafts.sent(request):
        return redirect("your_request", token=sent.tracking_token)
    return redirect(f"{reverse('request_evaluation')}?ended")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def step(request, slug, *, changing=False):
    """Ask the questions of one step, and keep the answers. With `changing` it was opened from the last page."""
    if slug not in STEP_BY_SLUG:
        raise Http404
    kind = STEP_BY_SLUG[slug]
    index = STEPS.index(kind)
    back = reverse("request_step", args=[STEPS[index - 1].slug]) if index else reverse("request_safety")
    page = {
        "number": index + 2,
        "back": reverse("request_check") if changing else back,
    }
    if request.method == "POST":
        return _answer(request, kind, page, changing)
    draft = drafts.present(request)
    if draft is None:
        return _elsewhere(request)
    undone = drafts.undone(draft, request.library)
    if undone and STEPS.index(undone) < index:
        return redirect(_address(undone))
    form = drafts.form_of(kind, draft, request.library)
    if form is None or form.is_valid():
        form = kind(initial=draft.answers.get(slug, {}), library=request.library, answers=drafts.known(draft))
    return show(request, "step", page | {"form": form})


def _answer(request, kind, page, changing):
    words, away = words_at_hand(request)
    draft = None
    try:
        draft = None if away else drafts.present(request)
        if not away and draft is None:
            return _elsewhere(request)
    except AWAY:
        away = True
    form = kind(request.POST, library=words, answers=drafts.known(draft) if draft else None)
    page |= {"form": form, "library": words}
    if not form.is_valid():
        return show(request, "step", page, status=422)
    if away:
        return show(request, "step", page, away=True)
    try:
        drafts.save_step(draft.pk, kind.slug, form.cleaned_data)
        draft = drafts.present(request)
    except RequestDraft.DoesNotExist:
        return _elsewhere(request)  # sent, or begun anew, in another tab
    except AWAY:
        return show(request, "step", page, away=True)
    undone = drafts.undone(draft, words)
    following = STEPS[STEPS.index(kind) + 1 :]
    if changing or not following:
        response = redirect(_address(undone))
    else:
        early = undone and STEPS.index(undone) <= STEPS.index(kind)
        response = redirect(_address(undone if early else following[0]))
    drafts.set_cookie(response, request.COOKIES[drafts.COOKIE])
    return response


@private
@require_http_methods(["GET", "HEAD", "POST"])
def check(request):
    """Show all answers once more, and send them.

    The confirmation is reached only after the request is committed. Sending the same draft again, at the same time or
    later, leads to the same confirmation. The page carries its answers, sealed, so that it can be shown again when the
    database is away.
    """
    if request.method == "POST":
        try:
            return _send(request)
        except AWAY:
            return _keep(request)
    draft = drafts.present(request)
    if draft is None:
        return _elsewhere(request)
    if undone := drafts.undone(draft, request.library):
        return redirect(_address(undone))
    return _show_check(request, draft, SendForm(library=request.library))


def _show_check(request, draft, form, *, status=200, **context):
    forms = [drafts.form_of(step, draft, request.library) for step in STEPS]
    rows = [
        {"slug": one.slug, "heading": one.heading, "lone": one.lone, "answers": one.in_words()}
        for one in forms
        if one.is_valid()
    ]
    reach = next(one for one in forms if one.slug == "reach")
    kept = {"rows": rows, "hint": reach.hint()}
    return show(
        request,
        "check",
        {"form": form, "number": TOTAL, "kept": encrypt(json.dumps(kept), KEPT)} | kept | context,
        status=status,
    )


def _keep(request):
    """Show the page of answers without the database."""
    words, _ = words_at_hand(request)
    form = SendForm(request.POST, library=words)
    try:
        kept = json.loads(decrypt(request.POST.get("kept", ""), KEPT))
    except Exception:  # whatever somebody made of it: the answers are in the draft all the same
        kept = {"rows": [], "hint": ""}
    page = {"form": form, "library": words, "number": TOTAL, "kept": request.POST.get("kept", "")}
    return show(request, "check", page | kept, away=True)


def _send(request):
    if sent := drafts.sent(request):
        return redirect("your_request", token=sent.tracking_token)
    draft = drafts.present(request)
    if draft is None:
        return _elsewhere(request)
    words = request.library
    if undone := drafts.undone(draft, words):
        return redirect(_address(undone))
    form = SendForm(request.POST, library=words)
    if not form.is_valid():
        return _show_check(request, draft, form, status=422)
    verdict = gate.judge(request, draft)
    if not verdict.passes:
        response = _show_check(request, draft, form, status=429, verdict=verdict)
        response.headers["Retry-After"] = str(verdict.retry_after)
        return response
    values = {}
    for step in STEPS:
        form_of_step = drafts.form_of(step, draft, words)
        form_of_step.is_valid()
        values |= form_of_step.values()
    stored = submit_evaluation_request(
        submission_key=draft.pk,
        needs_same_day_call=draft.needs_same_day_call,
        reply_by=reply_by(timezone.now(), words.clinic, same_day=draft.needs_same_day_call),
        suspicion=verdict.suspicion,
        privacy_version=form.cleaned_data["privacy_version"],
        **values,
    )
    response = redirect("your_request", token=stored.tracking_token)
    drafts.set_cookie(response, request.COOKIES[drafts.COOKIE], drafts.KEPT_AFTER_SENDING)
    return response
