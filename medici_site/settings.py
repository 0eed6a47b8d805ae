"""The settings, from top to bottom. Each value that differs between machines comes from the environment.

`.env.example` lists the variables. Without any, the site serves this machine only, on the embedded Postgres.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv
from environs import Env

from medici_site.database import database
from medici_site.environment import (
    encryption_keys,
    local_secret,
    new_encryption_key,
    own_addresses,
    require_all_or_nothing,
)

BASE_DIR = Path(__file__).resolve().parent.parent

# What the environment already says wins over the file; an empty value there counts as said.
load_dotenv(os.environ.get("ENV_FILE") or BASE_DIR / ".env")
env = Env()

PRODUCTION = require_all_or_nothing()
DEBUG = env.str("DEBUG", "") not in ("", "0", "false")
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG shows patients' data on error pages. It cannot be on where SITE_URL is set.")

# Everything the running site writes on this machine: database, uploads, collected static files, secrets.
VAR_DIR = Path(env.str("VAR_DIR", "") or BASE_DIR / "var").absolute()
CONTENT_DIR = BASE_DIR / "content"

# -- Addresses and secrets -----------------------------------------------------------------------

SITE_URL = env.str("SITE_URL", "").rstrip("/")
# How links in messages begin.
SITE_ADDRESS = SITE_URL or f"http://127.0.0.1:{env.str('PORT', '') or '8000'}"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *(name.strip() for name in env.list("EXTRA_HOSTS", []))]
if PRODUCTION:
    ALLOWED_HOSTS.append(urlsplit(SITE_URL).hostname)
    CSRF_TRUSTED_ORIGINS = [SITE_URL]
else:
    ALLOWED_HOSTS += own_addresses(env.str("HOST", ""))

SECRET_KEY = env.str("SECRET_KEY", "") or local_secret(VAR_DIR / "secrets", "secret_key")
# Keys for what patients send. They live outside the database, so a copy of the database alone says nothing.
ENCRYPTION_KEYS = encryption_keys(
    env.str("ENCRYPTION_KEYS", "") or local_secret(VAR_DIR / "secrets", "encryption_keys", new_encryption_key)
)

# -- Applications --------------------------------------------------------------------------------

INSTALLED_APPS = [
    "medici_site.admin_site.MediciAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "csp",
    "django_prose_editor",
    "medici_site",
    "treatments",
    "appointments",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "medici_site.middleware.SecurityHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "medici_site.accounts.middleware.SessionLifeMiddleware",
    "medici_site.accounts.middleware.StateMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "treatments.middleware.LibraryMiddleware",
    "appointments.middleware.RefusedMiddleware",
]
ROOT_URLCONF = "medici_site.urls"
WSGI_APPLICATION = "medici_site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "treatments.context_processors.library",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "medici_forms"

# -- Database ------------------------------------------------------------------------------------

DATABASES = {"default": database(env.str("DATABASE_URL", ""), VAR_DIR / "postgres")}

# -- Staff accounts ------------------------------------------------------------------------------

AUTH_USER_MODEL = "medici_site.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# One alone: how long an answer takes must not tell which one an account has.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
# Length and known or expected passwords, no rules on composition: NIST SP 800-63B, section 5.1.1.2.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "medici_site.accounts.passwords.ExpectedWordsValidator"},
    {"NAME": "medici_site.accounts.passwords.GuessableValidator"},
    {"NAME": "medici_site.accounts.passwords.LongestPasswordValidator"},
    {"NAME": "medici_site.accounts.passwords.NewPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
CSRF_FAILURE_VIEW = "medici_site.views.csrf_failure"
# Automatic logoff, 45 CFR 164.312(a)(2)(iii), which medici_site/accounts/middleware.py sees to.
SESSION_IDLE_AGE = 15 * 60  # seconds without a touch
SESSION_COOKIE_AGE = 12 * 60 * 60  # seconds, whatever is touched
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_SERIALIZER = "medici_site.accounts.sessions.EncryptedSerializer"

ACCOUNT_ADAPTER = "medici_site.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up; allauth wants it to fit the line above
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60  # seconds after which one's own password is asked for again
# What can be guessed has limits of our own, in accounts/throttle.py: those of allauth would lock out an owner, or
# everybody who shares an address.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "reauthenticate": None}
MFA_RATE_LIMITS = {"webauthn_login": None}
MFA_ADAPTER = "medici_site.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # a code of 30 seconds before or after, for a slow hand or a clock that is wrong
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # http://localhost
# Shared by all processes, for codes that were used.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "medici_site_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Seconds between two times of writing down what was counted; None: never by itself.
COUNTS_EVERY = 60

# -- Language and time ---------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = False
TIME_ZONE = "UTC"  # the database and the logs; pages use the clinic's own zone, which is a clinic setting
USE_TZ = True

# -- Files ---------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Small files in memory, larger ones on disk, and of too large ones only the beginning.
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "treatments.images.CappedUploadHandler",
]

# -- Mail ----------------------------------------------------------------------------------------

NOTIFY_EMAILS = env.list("NOTIFY_EMAILS", []) or ["front-desk@clinic.example"]
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", "") or "website@clinic.example"
if PRODUCTION:
    EMAIL_BACKEND = "appointments.mail.EmailBackend"  # SMTP that also says when only some recipients were refused
    EMAIL_HOST = env.str("EMAIL_HOST")
    EMAIL_PORT = env.int("EMAIL_PORT", 587)
    EMAIL_HOST_USER = env.str("EMAIL_USER", "")
    EMAIL_HOST_PASSWORD = env.str("EMAIL_PASSWORD", "")
    EMAIL_USE_TLS = env.bool("EMAIL_TLS", True)
    EMAIL_TIMEOUT = 20  # seconds
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"

# -- Safety --------------------------------------------------------------------------------------

# The form's cookie lives as long as a form may lie open; no script reads it.
CSRF_COOKIE_AGE = 24 * 60 * 60  # seconds
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # asked by the machine itself, without TLS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
BEHIND_PROXY = env.str("BEHIND_PROXY", "") == "1"
if BEHIND_PROXY:
    # Only for a proxy that sets this header itself and drops what a visitor sends under its name.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# Requests in ten minutes from one address before it has to wait; six times as many from all addresses together.
REQUESTS_PER_ADDRESS = env.int("REQUESTS_PER_ADDRESS", None) or 20
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes of a form

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # the admin's own style sheet draws arrows as data: images
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# -- Logs ----------------------------------------------------------------------------------------

# Paths and messages only. Nothing here may hold a query string, a form value or a mail address, and no
# error report is mailed: what patients write must stay out of all of them.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Below this level it logs everything that a page was given to show, patients' answers included.
        "django.template": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # Scanners ask for other hosts all day; each is refused, and a traceback of it helps nobody.
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
