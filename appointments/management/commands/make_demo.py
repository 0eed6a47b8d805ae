from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Fill the request desk with samples: plainly fictitious people, in every state that a request can have, and an "
        "account for each role. Run again, it makes them anew, as of today. It sends no mail, and does nothing on a "
        "site that patients use, or where there is a request that is no sample."
    )

    def add_arguments(self, parser):
        parser.add_argument("--remove", action="store_true", help="take the samples and the sample accounts away again")

    def handle(self, *, remove, **options):
        if settings.PRODUCTION:
            raise CommandError("Patients use this site, so no samples are made here. Nothing was changed.")
        try:
            from appointments import demo
        except ImportError as error:
            raise CommandError(f"{error.name} is not installed. “make demo” installs it.") from error
        if remove:
            self.stdout.write(f"Removed {demo.remove()} samples and the sample accounts. The record of them stays.")
            return
        if not get_user_model().objects.exists():
            # The first account is made only where there is none, and the samples would count.
            raise CommandError("Say “make demo”, which prepares the database first. Nothing was changed.")
        if demo.others().exists():
            raise CommandError("There are requests here that are no samples. Nothing was changed.")
        self.stdout.write(
            f"The desk holds {demo.fill()} samples.\n"
            f"Sample accounts, one for each role: {', '.join(demo.ACCOUNTS)}. To come in as one, sign in as "
            "manager, open “Staff accounts”, choose it, and follow “New link to sign in”.\n"
            "Now say: make run"
        )
