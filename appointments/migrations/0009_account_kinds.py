from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0008_only_what_is_recorded"),
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
    ]
