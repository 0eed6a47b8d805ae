import django.db.models.constraints
from django.db import migrations, models

import treatments.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("treatments", "0011_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="FinderRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "slug",
                    models.SlugField(
                        error_messages={"unique": "Another one already has this address. Choose a different one."},
                        help_text="Small letters, digits and hyphens; part of the page's web address.",
                        max_length=60,
                        unique=True,
                        verbose_name="address",
                    ),
                ),
                ("imported_fingerprint", models.CharField(blank=True, editable=False, max_length=64)),
                ("saved_version", models.PositiveIntegerField(default=0, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="last change")),
                (
                    "question",
                    models.CharField(
                        choices=[
                            ("bothers", "What bothers you most"),
                            ("tried", "What you have tried"),
                            ("unwanted", "What you want to avoid"),
                            ("wanted", "What matters most to you"),
                        ],
                        help_text="It decides what becomes of the treatments below. What bothers you and what "
                        "matters to you: they are shown. What you have tried: they are marked. What you want to "
                        "avoid: they are set aside.",
                        max_length=10,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(help_text="Place among the answers to this question.")),
                (
                    "words",
                    models.CharField(
                        help_text="The answer in a patient’s own words, for example: Burning or tingling.",
                        max_length=100,
                    ),
                ),
                (
                    "hint",
                    models.CharField(
                        blank=True,
                        help_text="A few more words below it, for example: Often in a leg or foot.",
                        max_length=120,
                    ),
                ),
                (
                    "reason",
                    treatments.models.fields.ProseField(
                        help_text="One or two short sentences to the patient: why this answer leads to these "
                        "treatments. For what was tried: what to ask about it now."
                    ),
                ),
                ("sources", models.ManyToManyField(blank=True, related_name="+", to="treatments.reference")),
                (
                    "treatments",
                    models.ManyToManyField(
                        blank=True,
                        help_text="A family stands for all its treatments. None: the rule leads to an evaluation.",
                        related_name="+",
                        to="treatments.treatment",
                    ),
                ),
            ],
            options={
                "verbose_name": "finder rule",
                "ordering": ["question", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                        fields=("question", "position"),
                        name="finder_position_unique",
                        violation_error_message="Another rule of this question already stands at this position.",
                    )
                ],
            },
        ),
    ]
