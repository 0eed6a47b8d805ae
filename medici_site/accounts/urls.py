"""Where people come in and look after their own account. The names are those that allauth looks for."""

from django.urls import path
from django.views.generic import RedirectView

from medici_site.accounts import views

urlpatterns = [
    path("login/", views.SignInView.as_view(), name="account_login"),
    path("account/", views.AccountView.as_view(), name="mfa_index"),
    path("account/invitation/", views.invitation, name="invitation"),
    path("account/invitation/<str:token>/", views.open_invitation, name="open_invitation"),
    path("account/locked/", views.InactiveView.as_view(), name="account_inactive"),
    path("account/start-again/", views.start_again, name="start_again"),
    path("account/code/", views.CodeView.as_view(), name="mfa_authenticate"),
    path("account/app/add/", views.AddAppView.as_view(), name="mfa_activate_totp"),
    path("account/app/move/", views.MoveAppView.as_view(), name="move_app"),
    path("account/app/remove/", views.RemoveAppView.as_view(), name="mfa_deactivate_totp"),
    path("account/passkeys/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path("account/passkeys/add/", views.AddPasskeyView.as_view(), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", views.RemovePasskeyView.as_view(), name="mfa_remove_webauthn"),
    path("account/passkeys/sign-in/", views.PasskeySignInView.as_view(), name="mfa_login_webauthn"),
    path("account/codes/", views.CodesView.as_view(), name="mfa_view_recovery_codes"),
    path("account/codes/new/", views.NewCodesView.as_view(), name="mfa_generate_recovery_codes"),
    path("account/again/", views.PasswordAgainView.as_view(), name="account_reauthenticate"),
    path("account/again/code/", views.CodeAgainView.as_view(), name="mfa_reauthenticate"),
    path("account/again/passkey/", views.PasskeyAgainView.as_view(), name="mfa_reauthenticate_webauthn"),
    path("account/sessions/end/", views.EndOtherSessionsView.as_view(), name="usersessions_list"),
    path("account/session/", views.session, name="session"),
    path("account/kept/", views.kept, name="kept_forms"),
    path("account/keep/", views.keep, name="keep_form"),
    path("account/kept/<int:pk>/", views.send_kept, name="send_kept"),
]
