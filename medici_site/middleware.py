"""What every answer carries, and the one door a one-time password opens."""

from django.shortcuts import redirect
from django.urls import reverse

SECURITY_HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeadersMiddleware:
    """Add the headers that Django has no setting for; keep private pages out of every cache."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path.startswith(reverse("admin:index")):
            response.headers["Cache-Control"] = "no-store"
        return response


class OneTimePasswordMiddleware:
    """Let a user with a one-time password do nothing in the admin but choose a new one or sign out."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path.startswith(reverse("admin:index")):
            names = ("password_change", "logout", "login", "jsi18n")
            allowed = {reverse(f"admin:{name}") for name in names}
            user = request.user
            if user.is_authenticated and user.must_change_password and request.path not in allowed:
                return redirect("admin:password_change")
        return self.get_response(request)
