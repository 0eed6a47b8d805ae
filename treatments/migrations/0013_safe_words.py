"""Notes for staff on all content, and what the detector of warning signs listens for."""

from django.db import migrations, models

import treatments.detector
import treatments.models.fields

# As before, but for the notes for staff, which nobody may find. No row has any yet, so none is made anew.
WORDS = """
CREATE OR REPLACE FUNCTION treatments_search(state text, kind text, record jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN state = 'published' AND kind IN ('treatment', 'infopage', 'faqitem', 'glossaryterm') THEN
    setweight(jsonb_to_tsvector('english', jsonb_build_array(
        record->'name', record->'short_name', record->'title', record->'short_title', record->'term',
        record->'question', record->'also_called'), '"string"'), 'A') ||
    setweight(jsonb_to_tsvector('english', jsonb_build_array(
        record->'plain_name', record->'kicker', record->'description'), '"string"'), 'B') ||
    setweight(jsonb_to_tsvector('english', jsonb_build_array(
        record->'summary', record->'meaning', record->'answer'), '"string"'), 'C') ||
    setweight(jsonb_to_tsvector('english', record - '{slug,address,family,picture,related,notices,sources,
        name,short_name,title,short_title,term,question,also_called,plain_name,kicker,description,
        summary,meaning,answer,menu,acts_on,test_first,reversible,implant,cover,evidence_level,fda_level,
        evidence_on,fda_on,cover_on,evidence_sources,fda_sources,cover_sources,tried_before,unexplained,staff_notes}'::text[],
        '"string"'), 'D')
ELSE '' END
$$;
"""


def staff_notes():
    return treatments.models.fields.ItemsField(
        base_field=models.TextField(validators=[treatments.models.fields.validate_prose]),
        blank=True,
        default=list,
        help_text="Patients never see these. One a line. A line that begins with “Clinician:” is listed on the first "
        "page of the admin until it is deleted here.",
        size=None,
        verbose_name="notes for staff",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("treatments", "0012_finder"),
    ]

    operations = [
        migrations.RunSQL(WORDS, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="WordList",
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
                    staff_notes(),
                ),
                ("imported_fingerprint", models.CharField(blank=True, editable=False, max_length=64)),
                ("saved_version", models.PositiveIntegerField(default=0, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="last change")),
                (
                    "name",
                    models.CharField(
                        help_text="As warning signs name it in brackets, for example: spine shot.", max_length=60
                    ),
                ),
                (
                    "use",
                    models.CharField(
                        choices=[
                            ("named", "Stands for its words wherever a warning sign names the list in brackets"),
                            ("harmless", "Never part of a warning sign, such as hay fever"),
                            ("denied", "Right before a sign, says that it is not there, such as without"),
                            ("past", "Near a sign, says that it is over, such as years ago"),
                            ("filler", "Adds little between the words of a sign, such as really"),
                            ("present", "Near a sign, says that it is there now, such as since yesterday"),
                            (
                                "asked",
                                "Before a sign, asks about it in a sentence about nobody, such as how common",
                            ),
                        ],
                        default="named",
                        max_length=10,
                    ),
                ),
                (
                    "also_called",
                    treatments.models.fields.ItemsField(
                        base_field=models.TextField(validators=[treatments.models.fields.validate_prose]),
                        default=list,
                        help_text="One word or a few a line, in English or Spanish. A star stands for any ending: "
                        "inject*. A list of what asks may have phrases as warning signs have.",
                        size=None,
                        verbose_name="words",
                    ),
                ),
            ],
            options={
                "verbose_name": "word list",
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="clinicsettings",
            name="staff_notes",
            field=staff_notes(),
        ),
        migrations.AddField(
            model_name="faqitem",
            name="staff_notes",
            field=staff_notes(),
        ),
        migrations.AddField(
            model_name="finderrule",
            name="staff_notes",
            field=staff_notes(),
        ),
        migrations.AddField(
            model_name="glossaryterm",
            name="staff_notes",
            field=staff_notes(),
        ),
        migrations.AddField(
            model_name="infopage",
            name="staff_notes",
            field=staff_notes(),
        ),
        migrations.AddField(
            model_name="picture",
            name="staff_notes",
            field=staff_notes(),
        ),
        migrations.AddField(
            model_name="reference",
            name="staff_notes",
            field=staff_notes(),
        ),
        migrations.AddField(
            model_name="safetynotice",
            name="staff_notes",
            field=staff_notes(),
        ),
        migrations.AddField(
            model_name="synonym",
            name="staff_notes",
            field=staff_notes(),
        ),
        migrations.AddField(
            model_name="treatment",
            name="staff_notes",
            field=staff_notes(),
        ),
        migrations.AddField(
            model_name="warningsign",
            name="clock",
            field=models.CharField(
                blank=True,
                choices=[("", "New or getting worse in the last days"), ("ever", "At any time")],
                default="",
                help_text="Almost always: in the last days.",
                max_length=10,
                verbose_name="since when",
            ),
        ),
        migrations.AddField(
            model_name="warningsign",
            name="exceptions",
            field=treatments.models.fields.ItemsField(
                base_field=models.TextField(
                    validators=[treatments.models.fields.validate_prose, treatments.detector.validate_phrase]
                ),
                blank=True,
                default=list,
                help_text="Written in the same way. What people type does not count as this sign where it is part of "
                "such words: hay fever.",
                size=None,
                verbose_name="what does not count",
            ),
        ),
        migrations.AddField(
            model_name="warningsign",
            name="staff_notes",
            field=staff_notes(),
        ),
        migrations.AlterField(
            model_name="treatment",
            name="rare_serious",
            field=treatments.models.fields.ItemsField(
                base_field=models.TextField(validators=[treatments.models.fields.validate_prose]),
                default=list,
                help_text="One a line. Say how often, as far as a source tells.",
                size=None,
                verbose_name="serious harm",
            ),
        ),
        migrations.AlterField(
            model_name="warningsign",
            name="also_called",
            field=treatments.models.fields.ItemsField(
                base_field=models.TextField(
                    validators=[treatments.models.fields.validate_prose, treatments.detector.validate_phrase]
                ),
                blank=True,
                default=list,
                help_text="Whoever types this, in the search or in a request, is told of the sign. One a line, in "
                "English or Spanish: can't pee. A plus joins words that stand near each other, a slash parts "
                "words of which one is enough, a star stands for any ending, and brackets name a word list: "
                "numb*/tingling + [between the legs].",
                size=None,
                verbose_name="what people type",
            ),
        ),
        migrations.AlterConstraint(
            model_name="treatment",
            name="treatment_benefit_and_risk",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("can_do__len__gt", 0), ("common_effects__len__gt", 0), ("rare_serious__len__gt", 0)
                ),
                name="treatment_benefit_and_risk",
                violation_error_message="Name at least one benefit, one common effect and one "
                "serious harm: patients see benefit and "
                "risk side by side.",
            ),
        ),
        migrations.AddConstraint(
            model_name="wordlist",
            constraint=models.UniqueConstraint(
                fields=("name",),
                name="word_list_name_unique",
                violation_error_message="Another word list already has this name.",
            ),
        ),
    ]
