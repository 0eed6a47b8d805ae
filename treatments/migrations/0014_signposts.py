"""Signposts: what people type when they look for one certain thing, and where that is."""

from django.db import migrations, models

import treatments.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("treatments", "0013_safe_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="Signpost",
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
                (
                    "staff_notes",
                    treatments.models.fields.ItemsField(
                        base_field=models.TextField(validators=[treatments.models.fields.validate_prose]),
                        blank=True,
                        default=list,
                        help_text="Patients never see these. One a line. A line that begins with “Clinician:” is "
                        "listed on the first page of the admin until it is deleted here.",
                        size=None,
                        verbose_name="notes for staff",
                    ),
                ),
                ("imported_fingerprint", models.CharField(blank=True, editable=False, max_length=64)),
                ("saved_version", models.PositiveIntegerField(default=0, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="last change")),
                (
                    "name",
                    models.CharField(
                        help_text="What it is about, for example: Parking. It is the heading of an answer.",
                        max_length=60,
                    ),
                ),
                (
                    "also_called",
                    treatments.models.fields.ItemsField(
                        base_field=models.TextField(validators=[treatments.models.fields.validate_prose]),
                        default=list,
                        help_text="Whoever types just this is led there. One a line. Big letters, plurals, hyphens "
                        "and apostrophes do not matter, nor do small words such as “the” or “do you have”.",
                        size=None,
                        verbose_name="what people type",
                    ),
                ),
                (
                    "answered_by",
                    models.CharField(
                        choices=[
                            ("pages", "The pages that it leads to, and nothing above them"),
                            ("hours", "Opening hours, and whether we are open now"),
                            ("phone", "Phone number"),
                            ("email", "E-mail address"),
                            ("address", "Street address"),
                            ("reply", "How soon a request is answered"),
                            ("length", "How long an evaluation takes"),
                            ("staff", "The words below; while there are none, “Please call us”"),
                        ],
                        default="pages",
                        help_text="What is not in the clinic settings is not made up: then it says “Please call us”.",
                        max_length=10,
                    ),
                ),
                (
                    "leads_to",
                    treatments.models.fields.AddressesField(
                        base_field=models.TextField(validators=[treatments.models.fields.validate_address]),
                        blank=True,
                        default=list,
                        help_text="The addresses of pages, questions (/faq/#referral) or words (/glossary/#taper), "
                        "the best first. One a line.",
                        size=None,
                    ),
                ),
                (
                    "answer",
                    treatments.models.fields.ProseField(
                        blank=True,
                        help_text="One or two short sentences about the clinic, shown above the results. Nothing "
                        "medical: that belongs on a page, where a reviewer signs it.",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answer", ""), models.Q(("answered_by", "pages"), _negated=True), _connector="OR"
                        ),
                        name="signpost_answer_is_shown",
                        violation_error_message="The answer would be shown to nobody. Choose who answers, or leave it "
                        "out.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("leads_to__len__gt", 0), models.Q(("answered_by", "pages"), _negated=True), _connector="OR"
                        ),
                        name="signpost_leads_somewhere",
                        violation_error_message="Name a page that it leads to, or choose who answers.",
                    ),
                ],
            },
        ),
    ]
