import django.core.validators
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("treatments", "0009_words_in_place"),
    ]

    operations = [
        migrations.AddField(
            model_name="treatment",
            name="cover_on",
            field=models.DateField(
                blank=True,
                help_text="When somebody last looked at what plans pay.",
                null=True,
                validators=[
                    django.core.validators.MaxValueValidator(
                        django.utils.timezone.localdate, "This day is still to come."
                    )
                ],
                verbose_name="cover assessed on",
            ),
        ),
        migrations.AddField(
            model_name="treatment",
            name="cover_sources",
            field=models.ManyToManyField(
                blank=True,
                help_text="Rules of Medicare or of other plans.",
                related_name="+",
                to="treatments.reference",
            ),
        ),
        migrations.AddField(
            model_name="treatment",
            name="evidence_on",
            field=models.DateField(
                blank=True,
                help_text="When somebody last looked at the studies.",
                null=True,
                validators=[
                    django.core.validators.MaxValueValidator(
                        django.utils.timezone.localdate, "This day is still to come."
                    )
                ],
                verbose_name="evidence assessed on",
            ),
        ),
        migrations.AddField(
            model_name="treatment",
            name="evidence_sources",
            field=models.ManyToManyField(
                blank=True,
                help_text="The studies and guidelines behind the evidence level.",
                related_name="+",
                to="treatments.reference",
            ),
        ),
        migrations.AddField(
            model_name="treatment",
            name="fda_level",
            field=models.CharField(
                blank=True,
                choices=[
                    ("this use", "Cleared or approved for this use"),
                    ("part of this use", "Approved for part of this use"),
                    ("another use", "Cleared or approved, but not for this use"),
                    ("not approved", "Not approved"),
                    ("needs no approval", "Needs no approval"),
                    ("", "Not assessed yet"),
                ],
                default="",
                help_text="For the use that this page tells of, not for other uses of the same thing.",
                max_length=20,
                verbose_name="FDA level",
            ),
        ),
        migrations.AddField(
            model_name="treatment",
            name="fda_on",
            field=models.DateField(
                blank=True,
                help_text="When somebody last looked at what the FDA says.",
                null=True,
                validators=[
                    django.core.validators.MaxValueValidator(
                        django.utils.timezone.localdate, "This day is still to come."
                    )
                ],
                verbose_name="FDA assessed on",
            ),
        ),
        migrations.AddField(
            model_name="treatment",
            name="fda_sources",
            field=models.ManyToManyField(
                blank=True,
                help_text="Notices of the FDA, and labels that it approved.",
                related_name="+",
                to="treatments.reference",
                verbose_name="FDA sources",
            ),
        ),
        migrations.AddField(
            model_name="treatment",
            name="tried_before",
            field=models.ManyToManyField(
                blank=True,
                help_text="Usually tried before this one; their pages name it as coming later. None: as in its family.",
                related_name="+",
                to="treatments.treatment",
            ),
        ),
        migrations.AlterField(
            model_name="treatment",
            name="cover",
            field=models.CharField(
                choices=[
                    ("usual", "Usually covered"),
                    ("visit limits", "Covered, often with a limit on visits"),
                    ("prior approval", "Often needs approval first"),
                    ("often not paid", "Often not paid for this use"),
                    ("not assessed", "Not assessed yet"),
                ],
                help_text="What plans usually do, not what one plan does.",
                max_length=20,
                verbose_name="usual cover",
            ),
        ),
        migrations.AlterField(
            model_name="treatment",
            name="evidence_level",
            field=models.CharField(
                choices=[
                    ("well supported", "Well supported"),
                    ("mixed", "Mixed"),
                    ("limited", "Limited"),
                    ("early", "Early"),
                    ("not assessed", "Not assessed yet"),
                ],
                help_text="What each level means stands on the page “Our sources”.",
                max_length=20,
            ),
        ),
    ]
