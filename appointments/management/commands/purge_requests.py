from django.core.management.base import BaseCommand, CommandError

from appointments import references
from appointments.models import RequestEvent
from appointments.privacy import purge


class Command(BaseCommand):
    help = (
        "Delete what has had its time: closed requests after the days in the clinic settings, suspected spam after 30 "
        "days, unfinished requests after 24 hours. Open requests stay, and those that staff said to keep. The worker "
        "does the same by itself every hour."
    )

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="say what would be deleted, and change nothing")

    def handle(self, *, dry_run, **options):
        purged = purge(by=RequestEvent.COMMAND_LINE, dry_run=dry_run)
        self.stdout.write("Would be deleted:" if dry_run else "Deleted:")
        self._list("closed requests", purged.closed)
        self._list("suspected spam", purged.spam)
        if purged.held:
            self._list("kept, because staff said so", purged.held)
        self.stdout.write(f"  unfinished requests: {purged.drafts}")
        self.stdout.write(f"  counts for limits: {purged.tallies}")
        if purged.failed:
            raise CommandError(f"The database would not delete {_spoken(purged.failed)}. The log says why.")

    def _list(self, name, found):
        self.stdout.write(f"  {name}: {len(found)}" + (f" ({_spoken(found)})" if found else ""))


def _spoken(found):
    return ", ".join(map(references.display, found))
