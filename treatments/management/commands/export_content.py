from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from treatments.importing import export_content


class Command(BaseCommand):
    help = "Write the site's words from the database into the content files, in the format of content/README.md."

    def add_arguments(self, parser):
        parser.add_argument("folder", nargs="?", type=Path, default=settings.CONTENT_DIR)

    def handle(self, *, folder, **options):
        changed = export_content(folder)
        for path in changed:
            self.stdout.write(f"wrote {path.relative_to(folder)}")
        self.stdout.write(f"content: {len(changed)} files changed")
