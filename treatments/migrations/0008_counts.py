from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("treatments", "0007_requests_at_the_clinic"),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(help_text="At the clinic.")),
                (
                    "subject",
                    models.CharField(
                        choices=[
                            ("page", "Pages read"),
                            ("comparison", "Comparisons"),
                            ("answer", "Answers in the finder"),
                            ("missed", "Searches without result"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True,
                        help_text="Addresses of content, or the keyed hash of what was searched for.",
                        max_length=200,
                    ),
                ),
                (
                    "words",
                    models.CharField(
                        blank=True,
                        help_text="What was searched for, once enough people have searched for it.",
                        max_length=60,
                    ),
                ),
                ("count", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("subject", "name", "day"), name="count_once_a_day")],
            },
        ),
    ]
