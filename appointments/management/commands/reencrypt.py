from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from appointments.encryption import missing_keys, used_keys
from appointments.privacy import reencrypt


class Command(BaseCommand):
    help = (
        "Encrypt everything that patients sent anew, with the first key of ENCRYPTION_KEYS. Put the new key first, "
        "keep the old ones behind it, restart the site, then run this. It may run while the site is in use, and may be "
        "stopped and run again. It ends with an error when something cannot be read, and leaves that as it is."
    )

    def handle(self, **options):
        unreadable = []
        for one in reencrypt():
            name = one.model._meta.verbose_name_plural
            self.stdout.write(f"{name}: {one.renewed} encrypted anew, {one.current} already were")
            if one.unreadable:
                unreadable.append(f"{one.unreadable} {name}")
        _, *older = settings.ENCRYPTION_KEYS
        needed = used_keys()
        if idle := [key for key in older if key not in needed]:
            self.stdout.write(
                f"No longer used by anything stored, and may leave ENCRYPTION_KEYS: {', '.join(idle)}\n"
                "Keep them with the backups made before today, which still need them."
            )
        if unreadable:
            keys = ", ".join(sorted(missing_keys()))
            reason = f"Keys that are missing from ENCRYPTION_KEYS: {keys}." if keys else "No key is missing."
            raise CommandError(
                f"Left as they are, because something in them cannot be read: {'; '.join(unreadable)}. {reason} "
                "What cannot be read although its key is there was changed outside the website."
            )
