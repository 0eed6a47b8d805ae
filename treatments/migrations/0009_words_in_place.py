from django.db import migrations, models

import treatments.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("treatments", "0008_counts"),
    ]

    operations = [
        migrations.AddField(
            model_name="glossaryterm",
            name="unexplained",
            field=treatments.models.fields.ItemsField(
                base_field=models.TextField(validators=[treatments.models.fields.validate_prose]),
                blank=True,
                default=list,
                help_text="Pages explain a term where they first use one of its names. Repeat here the names that "
                "everybody knows, or that also mean something else, such as “swelling” or “lead”. One a line.",
                size=None,
                verbose_name="not explained on pages",
            ),
        ),
    ]
