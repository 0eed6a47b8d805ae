"""The pages of an account: coming in by a link, the second factor, the sessions, and what was kept of a form.

Most are those of allauth in our frame.
"""

import re

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.views import AuthenticateView, IndexView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import admin, auth, messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseForbidden, JsonResponse
from django.http.request import split_domain_port
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from fido2.webauthn import RegistrationResponse

from appointments import access, kept_forms
from appointments.models import Access
from medici_site.accounts import forms, invitations, record, sessions, states, throttle
from medici_site.accounts.adapters import second_factors
from medici_site.accounts.ceremonies import Ceremony, PasskeySignInForm
from medici_site.accounts.states import State
from medici_site.models import User

TEMPLATES = "admin/accounts"
INVITATION = "invitation"
"""Where the session keeps the token of a link."""


class Framed:
    """A page of allauth in the frame of the admin."""

    title = ""

    def get_template_names(self):
        return [f"{TEMPLATES}/{self.template_name}"]

    def get_context_data(self, **kwargs):
        frame = admin.site.each_context(self.request)
        if not self.request.session.get(sessions.SECOND_FACTOR):
            frame |= {"has_permission": False}  # no links that lead nowhere yet
        # A passkey belongs to a name: there is none for http://127.0.0.1:8000.
        host, _ = split_domain_port(self.request.get_host())
        passkeys = {"passkeys_work": not re.fullmatch(r"[\d.]+|\[.*\]", host)}
        return frame | {"title": self.title} | passkeys | super().get_context_data(**kwargs)


class Own(LoginRequiredMixin, Framed):
    """One that only somebody who is signed in can open."""


# -- Coming in -----------------------------------------------------------------------------------------------------


class SignInView(Framed, account.LoginView):
    title, template_name, form_class = "Sign in", "sign_in.html", forms.SignInForm


class CodeView(Framed, Ceremony, AuthenticateView):
    title, template_name, form_class = "Prove that it is you", "code.html", forms.CodeForm
    purpose = "second factor"

    def person(self):
        return self.stage.login.user.pk

    def dispatch(self, request, *args, **kwargs):
        stage = LoginStageController.enter(request, AuthenticateStage.key)
        if stage and not second_factors(stage.login.user).exists():
            return _forget(request)  # it was taken away meanwhile; allauth would go round in circles
        return super().dispatch(request, *args, **kwargs)

    def form_invalid(self, form):
        if form is self.webauthn_form:
            record.not_let_in(self.request, self.stage.login.user.username, "wrong passkey")
        return super().form_invalid(form)


class PasskeySignInView(Framed, Ceremony, webauthn.LoginWebAuthnView):
    """Come in with a passkey alone. It says itself whose it is, so the first half of another sign-in is forgotten."""

    form_class = PasskeySignInForm
    purpose = "sign in"

    def person(self):
        return None

    def dispatch(self, request, *args, **kwargs):
        if throttle.is_passkey_over(request):
            message = get_adapter().error_messages["too_many_login_attempts"]
            if request.method == "GET":
                return JsonResponse({"error": message}, status=429)
            messages.error(request, message)
            return redirect("admin:login")
        if get_adapter().is_ajax(request) and states.of(request) is State.HALFWAY:  # a mere link ends no sign-in
            request.session.flush()
        return super().dispatch(request, *args, **kwargs)

    def get(self, request, *args, **kwargs):
        response = super().get(request, *args, **kwargs)
        if response.status_code == 200:
            self.begin()
        return response

    def form_invalid(self, form):
        record.not_let_in(self.request, "", "wrong passkey")
        messages.error(self.request, "This passkey alone opens no account here. Sign in with your password.")
        return redirect("admin:login")


class InactiveView(Framed, account.AccountInactiveView):
    title, template_name = "This account is locked", "inactive.html"


@require_POST
def start_again(request):
    """Let somebody else come in, on a computer that several people use."""
    return _forget(request)


def _forget(request):
    """Forget the first half of a sign-in."""
    request.session.flush()
    return redirect("admin:login")


@require_GET
def open_invitation(request, token):
    """Let somebody in who has a link that works. All other links are answered alike.

    The token goes into the session, so that it stands in no address that a log may name when something goes wrong.
    """
    if not invitations.find(token):
        return _no_invitation(request)
    if request.user.is_authenticated:
        auth.logout(request)  # a manager may have followed it by mistake
    request.session[INVITATION] = token
    return redirect("invitation")


@sensitive_post_parameters()
def invitation(request):
    """Let whoever came by a link choose a password, and sign them in."""
    found = invitations.find(request.session.get(INVITATION, ""))
    if not found:
        return _no_invitation(request)
    form = forms.FirstPasswordForm(found.account, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return _page(request, "invitation.html", "Welcome", status=status, form=form, invitation=found)
    if not invitations.use(found, form.cleaned_data["new_password1"]):
        return _no_invitation(request)
    del request.session[INVITATION]
    record_authentication(request, found.account, "password", reauthenticated=True, by_link=True)
    return perform_login(request, Login(user=found.account))


def _no_invitation(request):
    if throttle.is_link_over(request):
        return _page(request, "link_over.html", "Please wait a little", status=429, is_wait=True)
    return _page(request, "link_over.html", "This link does not work any more", status=404)


# -- The second factor ---------------------------------------------------------------------------------------------


class AccountView(Own, IndexView):
    title, template_name = "Your account", "account.html"

    def get_context_data(self, **kwargs):
        signed_in = UserSession.objects.purge_and_list(self.request.user)
        signed_in.sort(key=lambda one: (not one.is_current(), one.created_at))
        found = super().get_context_data(**kwargs)
        codes = found["authenticators"].get(Authenticator.Type.RECOVERY_CODES)
        return found | {
            "sessions": [(one, _browser(one.user_agent)) for one in signed_in],
            "app": found["authenticators"].get(Authenticator.Type.TOTP),
            "passkeys": found["authenticators"].get(Authenticator.Type.WEBAUTHN, []),
            "codes_left": len(codes.get_unused_codes()) if codes else 0,
        }


BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "Windows": "Windows",
    "iPhone": "an iPhone",
    "iPad": "an iPad",
    "Android": "Android",
    "Mac OS": "a Mac",
    "Linux": "Linux",
}


def _browser(user_agent):
    """Return what a person calls a browser; all that matters is to tell one's own from a stranger's."""
    browser = next((name for sign, name in BROWSERS.items() if sign in user_agent), "A browser")
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "another system")
    return f"{browser} on {system}"


class OwnPasswordView(Own, PasswordChangeView):
    """Change one's own password. All other sessions end with the old one; this one goes on under a new key."""

    title, template_name, form_class = "Change your password", "password.html", forms.OwnPasswordForm
    success_url = reverse_lazy("mfa_index")

    def post(self, request, *args, **kwargs):
        self.one_try = request, throttle.PASSWORD, request.user.username
        if throttle.is_over(*self.one_try):
            messages.error(request, get_adapter().error_messages["too_many_login_attempts"])
            return redirect("admin:password_change")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        throttle.give_back(*self.one_try)
        response = super().form_valid(form)
        sessions.end_others(self.request)
        record.account(self.request, "changed the own password")
        messages.success(self.request, "Your password is changed.")
        return response

    def form_invalid(self, form):
        if "old_password" in form.errors:
            record.not_let_in(self.request, self.request.user.username, "wrong password")
        else:
            throttle.give_back(*self.one_try)
        return super().form_invalid(form)


class Adding(Own):
    """A page that adds a second factor. The first one is added by whoever comes first, and ends all other sessions."""

    def form_valid(self, form):
        with transaction.atomic():
            User.objects.select_for_update().get(pk=self.request.user.pk)  # whoever adds one elsewhere waits
            state = states.of(self.request)
            if state is State.LAPSED:
                auth.logout(self.request)
                return redirect("admin:login")
            if state is State.BARE:
                sessions.end_others(self.request)
            response = self.add(form)
        self.request.session[sessions.SECOND_FACTOR] = True
        return response

    def add(self, form):
        return super().form_valid(form)

    def get_success_url(self):
        return reverse("mfa_view_recovery_codes" if self.did_generate_recovery_codes else "mfa_index")


class AddAppView(Adding, ActivateTOTPView):
    title, template_name, form_class = "Add an authenticator app", "add_app.html", forms.FirstCodeForm


class MoveAppView(AddAppView):
    """Put the app on another phone: the old one goes on working until the new one has shown a right code."""

    title = "Move the authenticator app to another phone"

    @method_decorator(reauthentication_required(app="allauth.mfa"))
    def dispatch(self, request, *args, **kwargs):
        return super(ActivateTOTPView, self).dispatch(request, *args, **kwargs)  # which would refuse a second app

    def add(self, form):
        Authenticator.objects.filter(user=self.request.user, type=Authenticator.Type.TOTP).delete()
        record.account(self.request, "moved the authenticator app")
        return super().add(form)


class RemoveAppView(Own, DeactivateTOTPView):
    title, template_name = "Remove the authenticator app", "remove_app.html"


class AddPasskeyView(Adding, Ceremony, webauthn.AddWebAuthnView):
    title, template_name = "Add a passkey", "add_passkey.html"
    purpose, answer = "add", RegistrationResponse


class RemovePasskeyView(Own, webauthn.RemoveWebAuthnView):
    title, template_name = "Remove a passkey", "remove_passkey.html"

    def form_valid(self, form):
        """Remove it unless it is the last way in, which allauth itself would not ask."""
        if get_mfa_adapter().can_delete_authenticator(self.object):
            return super().form_valid(form)
        messages.error(self.request, get_mfa_adapter().error_messages["cannot_delete_authenticator"])
        return redirect("mfa_index")


class NewCodesView(Own, GenerateRecoveryCodesView):
    title, template_name = "New recovery codes", "new_codes.html"


class CodesView(Own, ViewRecoveryCodesView):
    title, template_name = "Your recovery codes", "codes.html"


class PasswordAgainView(Own, account.ReauthenticateView):
    title, template_name, form_class = "Is it still you?", "again.html", forms.PasswordAgainForm


class CodeAgainView(Own, ReauthenticateView):
    title, template_name, form_class = "Is it still you?", "again.html", forms.CodeAgainForm


class PasskeyAgainView(Own, Ceremony, webauthn.ReauthenticateWebAuthnView):
    title, template_name = "Is it still you?", "again_by_passkey.html"
    purpose = "again"


# -- The session ---------------------------------------------------------------------------------------------------


class EndOtherSessionsView(Own, ListUserSessionsView):
    """Sign out everywhere else."""

    http_method_names = ("post",)

    def form_valid(self, form):
        form.save(self.request)
        record.account(self.request, "signed out everywhere else")
        messages.success(self.request, "You are signed out everywhere else.")
        return redirect("mfa_index")


@require_http_methods(["GET", "POST", "DELETE"])
def session(request):
    """Say how many seconds the session goes on without a touch. A POST is a touch, a DELETE the end."""
    if not request.user.is_authenticated:
        return JsonResponse({"seconds": 0})
    if request.method == "DELETE":
        auth.logout(request)  # a button was pressed; a session that was left alone ends in the middleware
        return HttpResponse(status=204)
    if request.method == "POST" and sessions.seconds_left(request):
        sessions.touch(request)
    return JsonResponse({"seconds": sessions.seconds_left(request)})


@csrf_exempt
@require_POST
def keep(request):
    """Keep what is typed on a page for the account that the page was made for, whoever is signed in by now.

    The page's ticket says for whom, and stands in place of the session, which is over or about to be.
    """
    values = request.POST.copy()
    ticket, page, action = (values.pop(f"kept_{name}", [""])[0] for name in ("ticket", "page", "action"))
    account_of_page = kept_forms.account_of(ticket)
    if not account_of_page:
        return HttpResponseForbidden()
    kept_forms.keep(account_of_page, page=page, action=action, values=values)
    return HttpResponse(status=204)


@login_required
@require_GET
def kept(request):
    """Show what was kept of the person who is signed in."""
    access.record(request, Access.Kind.VIEWED, detail="what was kept while away")
    shown = kept_forms.readable(kept_forms.of(request.user))
    return _page(request, "kept.html", "What you were typing is kept", kept=shown)


@login_required
@require_POST
def send_kept(request, pk):
    """Send on what was kept, as it stands on the page, or throw it away."""
    one = get_object_or_404(kept_forms.of(request.user), pk=pk)
    if "throw_away" in request.GET:
        one.delete()
        messages.success(request, "It is thrown away.")
        return redirect("kept_forms" if kept_forms.of(request.user).exists() else "admin:index")
    if not one.action:
        raise Http404
    one.sent_at = timezone.now()
    one.save(update_fields=["sent_at"])
    # The browser sends the same fields again to where they were meant for, which answers for itself.
    response = HttpResponse(status=307)
    response.headers["Location"] = one.action
    return response


def _page(request, template, title, *, status=200, **context):
    frame = admin.site.each_context(request) | {"title": title}
    return render(request, f"{TEMPLATES}/{template}", frame | context, status=status)
