"""Run Django's deployment checks with a whole production configuration, made up for the check."""

import os
import subprocess
import sys

from medici_site.environment import new_encryption_key

CONFIGURATION = {
    "SITE_URL": "https://spine.clinic.example",
    "SECRET_KEY": os.urandom(40).hex(),
    "ENCRYPTION_KEYS": new_encryption_key(),
    "DATABASE_URL": "postgres://medici:medici@127.0.0.1/medici",
    "BEHIND_PROXY": "1",
    "EMAIL_HOST": "mail.clinic.example",
    "FROM_EMAIL": "website@clinic.example",
    "NOTIFY_EMAILS": "front-desk@clinic.example",
}

if __name__ == "__main__":
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    sys.exit(subprocess.run(command, env=os.environ | CONFIGURATION, check=False).returncode)
