import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import appointments.encryption


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0008_only_what_is_recorded"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="access",
            name="kind",
            field=models.CharField(
                choices=[
                    ("listed", "Saw it in a list"),
                    ("found", "Found it by a search"),
                    ("viewed", "Opened it"),
                    ("printed", "Opened it for printing"),
                    ("exported", "Exported it"),
                    ("erased", "Erased it"),
                    ("refused", "Was refused"),
                    ("signed in", "Signed in"),
                    ("not let in", "Could not sign in"),
                    ("signed out", "Signed out"),
                    ("account", "Changed an account"),
                ],
                max_length=14,
            ),
        ),
        migrations.AlterField(
            model_name="requestevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("received", "Received"),
                    ("moved", "Moved"),
                    ("reached", "Reached"),
                    ("left message", "Left a message"),
                    ("no answer", "No answer"),
                    ("wrong number", "Wrong number"),
                    ("put off", "To be taken up again later"),
                    ("letter", "A letter was sent"),
                    ("scheduled", "An evaluation was agreed"),
                    ("rescheduled", "The evaluation was moved to another time"),
                    ("cancelled", "The evaluation was cancelled"),
                    ("owner", "Looked after by"),
                    ("noted", "A note was written"),
                    ("undone", "The last click was undone"),
                    ("changed", "Changed by the patient"),
                    ("corrected", "How to reach them was put right"),
                    ("withdrawn", "Withdrawn by the patient"),
                    ("shelved", "Put on the spam shelf"),
                    ("unshelved", "Taken off the spam shelf"),
                    ("mail failed", "A message was not delivered"),
                    ("mail again", "A message is sent again"),
                    ("held", "Kept beyond its time"),
                    ("released", "Kept no longer than others"),
                    ("exported", "Exported for the person"),
                    ("erased", "Erased"),
                    ("purged", "Deleted at the end of its time"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="KeptForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.TextField()),
                ("action", models.TextField(blank=True)),
                ("fields", appointments.encryption.EncryptedJSONField(purpose="kept form")),
                ("kept_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-kept_at", "-pk"],
            },
        ),
    ]
