"""Settings of the tests: those of the site, on a database of their own, whatever the environment says."""

import os
from pathlib import Path

from medici_site.environment import PRODUCTION_ONLY

# A developer's own .env must not decide what the tests see; an empty value keeps .env from filling it in.
os.environ.update(dict.fromkeys([*PRODUCTION_ONLY, "DEBUG"], ""))
# The database of .env may be the real one. Only a DATABASE_URL that was set for this run is used.
os.environ.setdefault("DATABASE_URL", "")
# Each worker of pytest-xdist has a folder and a database of its own.
os.environ["VAR_DIR"] = str(
    Path(os.environ.get("VAR_DIR", Path(__file__).parent.parent / "var"))
    / "test"
    / os.environ.get("PYTEST_XDIST_WORKER", "")
)

from medici_site.settings import *  # noqa: F403
from medici_site.settings import DATABASES, STATIC_ROOT

if "EMBEDDED_ROOT" in DATABASES["default"]:
    DATABASES["default"]["EMBEDDED_DURABLE"] = False  # tests lose nothing that matters when the power goes
DATABASES["default"]["TEST"] = {"NAME": f"test_medici{os.environ.get('PYTEST_XDIST_WORKER', '')}"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Tests in this process need no collected files; browser tests run the real site with the real storage.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
COUNTS_EVERY = None  # a test of counting writes when it wants to
WHITENOISE_AUTOREFRESH = True  # looks for a file when it is asked for, not for all of them in every new test client
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # filled by the browser tests
