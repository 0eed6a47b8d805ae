from django.core.management.base import BaseCommand, CommandError

from appointments import access


class Command(BaseCommand):
    help = (
        "Check that nobody changed, added or removed a line in the record of who looked at requests. Prints the "
        "fingerprint of the last line. Keep it outside this database, and give it to the next check by --expect: only "
        "so is it noticed when lines are missing at the end."
    )

    def add_arguments(self, parser):
        parser.add_argument("--expect", default="", metavar="FINGERPRINT", help="what an earlier check printed")

    def handle(self, *, expect, **options):
        chain = access.verify(expect.strip().lower())
        if chain.broken is not None:
            raise CommandError(
                f"Line {chain.broken} of the record is not as it was written, or the line before it was removed. "
                f"The {chain.lines} lines before it are in order."
            )
        if not chain.has_expected:
            raise CommandError(
                f"The {chain.lines} lines are in order, but none has the fingerprint that you expect: lines at the "
                "end were removed, or all of them were written anew."
            )
        self.stdout.write(f"All {chain.lines} lines of the record are as they were written.")
        if chain.last:
            self.stdout.write(f"The last fingerprint, to keep somewhere else: {chain.last}")
