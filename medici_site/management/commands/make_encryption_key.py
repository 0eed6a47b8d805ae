from django.core.management.base import BaseCommand

from medici_site.environment import new_encryption_key


class Command(BaseCommand):
    help = "Print a new ID:KEY pair for ENCRYPTION_KEYS. Put it first to encrypt with it, and keep the old ones."
    requires_system_checks = ()

    def handle(self, **options):
        self.stdout.write(new_encryption_key())
