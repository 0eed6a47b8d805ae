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
