"""The pages of an account: coming in by a link, the second factor, the sessions, and what was kept of a form.

Most are those of allauth in our frame.
"""

import re

from allauth.account import views as account
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication, resume_login
from allauth.account.models import Login
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.views import AuthenticateView, IndexView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from medici_site.accounts import forms, invitations, kept_forms, middleware, record, throttle

TEMPLATES = "admin/accounts"


class Framed:
    """A page of allauth in the frame of the admin."""

    title = ""

    def get_template_names(self):
        return [f"{TEMPLATES}/{self.template_name}"]

    def get_context_data(self, **kwargs):
        frame = admin.site.each_context(self.request)
        if not self.request.session.get(middleware.SECOND_FACTOR):
            frame |= {"has_permission": False}  # no links that lead nowhere yet
        # A passkey belongs to a name: there is none for http://127.0.0.1:8000.
        host = self.request.get_host().rpartition(":")[0] or self.request.get_host()
        passkeys = {"passkeys_work": not re.fullmatch(r"[\d.]+|\[.*\]", host)}
        return frame | {"title": self.title} | passkeys | super().get_context_data(**kwargs)


class Own(LoginRequiredMixin, Framed):
    """One that only somebody who is signed in can open."""


# -- Coming in -----------------------------------------------------------------------------------------------------


class SignInView(Framed, account.LoginView):
    title, template_name, form_class = "Sign in", "sign_in.html", forms.SignInForm


class CodeView(Framed, AuthenticateView):
    title, template_name, form_class = "Prove that it is you", "code.html", forms.CodeForm


class PasskeySignInView(Framed, webauthn.LoginWebAuthnView):
    pass


class InactiveView(Framed, account.AccountInactiveView):
    title, template_name = "This account is locked", "inactive.html"


@sensitive_post_parameters()
def invitation(request, token):
    """Let somebody with a link that works choose a password, and sign them in. All other links are answered alike."""
    found = invitations.find(token)
    if not found and throttle.is_link_over(request):
        return _page(request, "link_over.html", "Please wait a little", status=429, is_wait=True)
    if not found:
        return _page(request, "link_over.html", "This link does not work any more", status=404)
    form = forms.FirstPasswordForm(found.account, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return _page(request, "invitation.html", "Welcome", status=status, form=form, invitation=found)
    if not invitations.use(found, form.cleaned_data["new_password1"]):
        return _page(request, "link_over.html", "This link does not work any more", status=404)
    record_authentication(request, found.account, "password", reauthenticated=True)
    return resume_login(request, Login(user=found.account))


# -- The second factor ---------------------------------------------------------------------------------------------


class AccountView(Own, IndexView):
    title, template_name = "Your account", "account.html"

    def get_context_data(self, **kwargs):
        sessions = UserSession.objects.purge_and_list(self.request.user)
        sessions.sort(key=lambda one: (not one.is_current(), one.created_at))
        found = super().get_context_data(**kwargs)
        codes = found["authenticators"].get(Authenticator.Type.RECOVERY_CODES)
        return found | {
            "sessions": [(one, _browser(one.user_agent)) for one in sessions],
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


class AddAppView(Own, ActivateTOTPView):
    title, template_name, form_class = "Add an authenticator app", "add_app.html", forms.FirstCodeForm

    def get_success_url(self):
        return _after_adding(self)


class MoveAppView(AddAppView):
    """Put the app on another phone: the old one goes on working until the new one has shown a right code."""

    title = "Move the authenticator app to another phone"

    @method_decorator(reauthentication_required(app="allauth.mfa"))
    def dispatch(self, request, *args, **kwargs):
        return super(ActivateTOTPView, self).dispatch(request, *args, **kwargs)  # which would refuse a second app

    @transaction.atomic
    def form_valid(self, form):
        Authenticator.objects.filter(user=self.request.user, type=Authenticator.Type.TOTP).delete()
        return super().form_valid(form)


class RemoveAppView(Own, DeactivateTOTPView):
    title, template_name = "Remove the authenticator app", "remove_app.html"


class AddPasskeyView(Own, webauthn.AddWebAuthnView):
    title, template_name = "Add a passkey", "add_passkey.html"

    def get_success_url(self):
        return _after_adding(self)


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


class PasskeyAgainView(Own, webauthn.ReauthenticateWebAuthnView):
    title, template_name = "Is it still you?", "again_by_passkey.html"


def _after_adding(view):
    view.request.session[middleware.SECOND_FACTOR] = True
    return reverse("mfa_view_recovery_codes" if view.did_generate_recovery_codes else "mfa_index")


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
    """Say how many seconds the session goes on without a touch; none when it is over.

    A POST is a touch; a DELETE ends the session.
    """
    if not request.user.is_authenticated:
        return JsonResponse({"seconds": 0})
    if request.method == "DELETE":
        middleware.sign_out(request)
        return HttpResponse(status=204)
    return JsonResponse({"seconds": middleware.seconds_left(request)})


@login_required
@require_POST
def keep(request):
    """Keep what is typed in a form of a page that is about to be signed out."""
    values = request.POST.copy()
    page, action = (values.pop(name, [""])[0] for name in ("kept_page", "kept_action"))
    if not _is_of_admin(page) or not _is_of_admin(action):
        return HttpResponseBadRequest()
    kept_forms.keep(request.user, page=page, action=action, values=values)
    return HttpResponse(status=204)


@login_required
@require_GET
def kept(request):
    """Show what was kept of the person who is signed in."""
    kept_forms.purge()
    return _page(request, "kept.html", "What you were typing is kept", kept=kept_forms.of(request.user))


@login_required
@require_POST
def send_kept(request, pk):
    """Send on what was kept, as it stands on the page, or throw it away."""
    one = get_object_or_404(kept_forms.of(request.user), pk=pk)
    one.delete()
    if "throw_away" in request.GET:
        messages.success(request, "It is thrown away.")
        return redirect("kept_forms" if kept_forms.of(request.user).exists() else "admin:index")
    # The browser sends the same fields again to where they were meant for, which answers for itself.
    response = HttpResponse(status=307)
    response.headers["Location"] = one.action
    return response


def _is_of_admin(address):
    return address.startswith(reverse("admin:index")) and url_has_allowed_host_and_scheme(address, allowed_hosts=None)


def _page(request, template, title, *, status=200, **context):
    frame = admin.site.each_context(request) | {"title": title}
    return render(request, f"{TEMPLATES}/{template}", frame | context, status=status)
