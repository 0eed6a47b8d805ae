from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from treatments.importing import export_content


class Command(BaseCommand):
    help = (
        "Write the site's words from the database into the content files, in the format of content/README.md: "
        "the working copies, or with --published what patients read."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", nargs="?", type=Path, default=settings.CONTENT_DIR)
        parser.add_argument("--published", action="store_true", help="what patients read, not the working copies")

    def handle(self, *, folder, published, **options):
        changed = export_content(folder, published=published)
        for path in changed:
            self.stdout.write(f"{'wrote' if path.exists() else 'removed'} {path.relative_to(folder)}")
        self.stdout.write(f"content: {len(changed)} files changed")
