from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from appointments.encryption import missing_keys
from medici_site.accounts.invitations import FIRST_USERNAME, invite_first
from treatments.models import Version

LOCK = 20261124  # any number that nothing else in this database uses


class Command(BaseCommand):
    help = "Bring the database up to date: migrate, load the content files, create the first account if there is none."

    def handle(self, **options):
        # Two machines that start at once prepare one after the other. The lock goes with the connection.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if not (settings.STATIC_ROOT / "staticfiles.json").exists():
            # A new or freshly mounted folder: without the collected files no page can be shown.
            call_command("collectstatic", interactive=False, verbosity=0)
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
        try:
            call_command("import_content", stdout=self.stdout)
        except CommandError as error:
            if not Version.objects.exists():
                raise
            # A clinic that is on line stays on line; the words it has are whole.
            self.stderr.write(f"{error}\nThe site goes on with the words it has.")
        if missing := missing_keys():
            # The pages go on, and new requests are safe with the keys that are there.
            self.stderr.write(
                f"\nENCRYPTION_KEYS LACKS KEYS THAT STORED REQUESTS NEED: {', '.join(sorted(missing))}\n"
                "What was encrypted with them cannot be read until they are put back. Delete none of it, and look for "
                "the keys in your backups.\n"
            )
        if link := invite_first():
            self.stdout.write(
                f"\nNobody has signed in yet. Set up the first staff account, “{FIRST_USERNAME}”, here:\n\n  {link}\n\n"
                "The link works once, for 72 hours. Starting the site again makes a new one.\n"
            )
        connection.close()
