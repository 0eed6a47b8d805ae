from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0007_quick_lists"),
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
                ],
                max_length=14,
            ),
        ),
    ]
