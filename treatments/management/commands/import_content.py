from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from treatments.content_files import ContentError
from treatments.importing import import_content, read_valid


class Command(BaseCommand):
    help = (
        "Read the content files into the database and publish what changed. Safe to repeat. Nothing is imported "
        "when any file has a mistake, and what staff have edited is left alone."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", nargs="?", type=Path, default=settings.CONTENT_DIR)
        parser.add_argument("--check", action="store_true", help="only look for mistakes; import nothing")
        parser.add_argument("--overwrite", action="store_true", help="replace what staff have edited as well")

    def handle(self, *, folder, check, overwrite, **options):
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder. Name the folder with the content files.")
        try:
            if check:
                self.stdout.write(f"content: {len(read_valid(folder))} records, no mistakes")
            else:
                self.stdout.write(f"content: {import_content(folder, overwrite=overwrite)}")
        except ContentError as error:
            count = len(error.problems)
            noun = "mistake" if count == 1 else "mistakes"
            raise CommandError(f"Nothing was imported: {count} {noun} in {folder}\n{error}") from error
