"""Asking for an evaluation, page by page. All of it stays out of caches and search engines.

When the database is away, a page comes back with what was typed, tells the phone number, and can simply be sent again.
"""

import json
from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import drafts, gate, hearing
from appointments.business_days import reply_by
from appointments.encryption import decrypt, encrypt
from appointments.forms import STEP_BY_SLUG, STEPS, SafetyForm, SendForm
from appointments.models import RequestDraft
from appointments.services import submit_evaluation_request
from treatments.models import WarningSign
from treatments.schedule import AWAY, is_away

TOTAL = len(STEPS) + 2
"""All pages with questions: the safety check, the steps, and the last look."""
KEPT, SEALED = "request.kept", "request.interests"


private = cache_control(no_store=True)


def show(request, template, context, *, away=False, status=200):
    """Render a page of the flow. With `away` it says that the database is, and that nothing typed is lost."""
    bones = range(1, TOTAL + 1) if "number" in context else ()
    context = {"form": None, "away": away, "bones": bones, "total": TOTAL} | context
    response = render(request, f"appointments/{template}.html", context, status=503 if away else status)
    return later(response, 60) if away else response


def later(response, seconds):
    """Let an answer say when to come back."""
    response.headers["Retry-After"] = str(seconds)
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


@csrf_exempt
@sensitive_post_parameters()
@private
@require_POST
def with_interests(request):
    """Lead somebody who has found treatments to ask about to the safety check, which carries them on.

    The address it leads to holds them sealed, so that nobody reads them there, and Back finds the page again without
    sending anything. Nothing is written, so no token against forged forms is needed.
    """
    is_away(request)
    interests = [family.slug for family in request.library.families if family.slug in request.POST.getlist("interest")]
    sealed = urlencode({"sealed": encrypt(json.dumps(interests), SEALED)})
    return redirect(f"{reverse('request_safety')}?{sealed}")


def _interests(request) -> list[str]:
    try:
        return json.loads(decrypt(request.GET["sealed"], SEALED))
    except Exception:  # whatever somebody made of it: the person can still choose later
        return request.GET.getlist("interest")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def safety(request):
    """Ask for warning signs before anything else. What is chosen is answered at once and stored nowhere.

    An emergency stops here, with or without the database. Signs that can wait for a call are told first, and then the
    person can go on.
    """
    away = is_away(request)
    if request.method != "POST":
        form = SafetyForm(library=request.library, initial={"interest": _interests(request)})
        return show(request, "safety", {"form": form, "number": 1})
    form = SafetyForm(request.POST, library=request.library)
    page = {"form": form, "number": 1}
    if not form.is_valid():
        return show(request, "safety", page, status=422)
    page |= {
        "signs": form.chosen,
        "crisis": WarningSign.Level.CRISIS_LINE in form.levels,
        "same_day": WarningSign.Level.SAME_DAY in form.levels,
    }
    if form.is_emergency:
        return show(request, "stop", page)
    if away:
        return _cannot_go_on(request, "safety", page, away=True)
    try:
        return _go_on(request, form, page)
    except AWAY:
        return _cannot_go_on(request, "safety", page, away=True)


def _cannot_go_on(request, template, page, **how):
    """Say why there is no going on just now. Whoever chose a sign is told what to do about that instead."""
    return show(request, "advice" if page["signs"] else template, page, **how)


def _go_on(request, form, page):
    draft, token = drafts.present(request), request.COOKIES.get(drafts.COOKIE)
    if draft is None:
        if request.library.clinic.is_paused:
            return show(request, "advice", page) if form.chosen else redirect("request_evaluation")
        if wait := gate.wait_to_begin(request):
            return later(_cannot_go_on(request, "busy", page, status=429), wait)
        draft, token = drafts.begin(interests=form.cleaned_data["interest"])
    elif form.cleaned_data["interest"]:
        drafts.save_step(draft.pk, drafts.CARRIED, {"interests": form.cleaned_data["interest"]})
    if draft.needs_same_day_call != form.needs_same_day_call:
        draft.needs_same_day_call = form.needs_same_day_call
        draft.save(update_fields=["needs_same_day_call", "saved_at"])
    following = _address(len(drafts.answered(draft, request.library)))
    response = show(request, "advice", page | {"next": following}) if form.chosen else redirect(following)
    drafts.set_cookie(response, token)
    return response


def _address(number):
    """Return where the step with this number in STEPS is asked; after the last one, where all answers are shown."""
    return reverse("request_step", args=[STEPS[number].slug]) if number < len(STEPS) else reverse("request_check")


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
    back = len(STEPS) if changing else index - 1
    page = {"number": index + 2, "back": reverse("request_safety") if back < 0 else _address(back)}
    if request.method == "POST":
        return _answer(request, kind, page, changing)
    draft = drafts.present(request)
    if draft is None:
        return _elsewhere(request)
    done = len(drafts.answered(draft, request.library))
    if done < index:
        return redirect(_address(done))
    known = drafts.known(draft)
    form = drafts.form_of(kind, draft, request.library) or kind(initial=known, library=request.library, answers=known)
    return show(request, "step", page | {"form": form})


def _answer(request, kind, page, changing):
    away, draft = is_away(request), None
    try:
        draft = None if away else drafts.present(request)
        if not away and draft is None:
            return _elsewhere(request)
    except AWAY:
        away = True
    form = kind(request.POST, library=request.library, answers=drafts.known(draft) if draft else None)
    page |= {"form": form}
    if stop := hearing.stop(request, form, page, known=draft.answers.get(kind.slug) if draft else None):
        return stop
    if "rewrite" in request.POST:
        return show(request, "step", page)
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
    done = len(drafts.answered(draft, request.library))
    response = redirect(_address(done if changing else min(done, STEPS.index(kind) + 1)))
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
    done = drafts.answered(draft, request.library)
    if len(done) < len(STEPS):
        return redirect(_address(len(done)))
    return _show_check(request, done, SendForm(library=request.library))


def _show_check(request, done, form, *, status=200, **context):
    rows = [{"slug": one.slug, "heading": one.heading, "lone": one.lone, "answers": one.in_words()} for one in done]
    reach = next(one for one in done if one.slug == "reach")
    kept = {"rows": rows, "hint": reach.hint()}
    return show(
        request,
        "check",
        {"form": form, "number": TOTAL, "kept": encrypt(json.dumps(kept), KEPT)} | kept | context,
        status=status,
    )


def _keep(request):
    """Show the page of answers without the database."""
    is_away(request)
    form = SendForm(request.POST, library=request.library)
    try:
        kept = json.loads(decrypt(request.POST.get("kept", ""), KEPT))
    except Exception:  # whatever somebody made of it: the answers are in the draft all the same
        kept = {"rows": [], "hint": ""}
    page = {"form": form, "number": TOTAL, "kept": request.POST.get("kept", "")}
    return show(request, "check", page | kept, away=True)


def _send(request):
    if sent := drafts.sent(request):
        return redirect("your_request", token=sent.tracking_token)
    draft = drafts.present(request)
    if draft is None:
        return _elsewhere(request)
    done = drafts.answered(draft, request.library)
    if len(done) < len(STEPS):
        return redirect(_address(len(done)))
    form = SendForm(request.POST, library=request.library)
    if not form.is_valid():
        return _show_check(request, done, form, status=422)
    verdict = gate.judge(request, draft)
    if not verdict.passes:
        return later(_show_check(request, done, form, status=429, verdict=verdict), verdict.retry_after)
    values = {name: value for one in done for name, value in one.values().items()}
    texts = (text for one in done for text in one.in_own_words.values())
    needs_same_day_call = draft.needs_same_day_call or hearing.asks_for_a_call(texts, request.library)
    stored = submit_evaluation_request(
        submission_key=draft.pk,
        needs_same_day_call=needs_same_day_call,
        reply_by=reply_by(timezone.now(), request.library.clinic, same_day=needs_same_day_call),
        suspicion=verdict.suspicion,
        privacy_version=form.cleaned_data["privacy_version"],
        **values,
    )
    response = redirect("your_request", token=stored.tracking_token)
    drafts.set_cookie(response, request.COOKIES[drafts.COOKIE], drafts.KEPT_AFTER_SENDING)
    return response
