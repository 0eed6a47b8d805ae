from django.db import migrations

import treatments.images


class Migration(migrations.Migration):
    dependencies = [("treatments", "0003_publishing")]

    operations = [
        migrations.AlterField(
            model_name="picture",
            name="image",
            field=treatments.images.PhotographField(
                blank=True,
                help_text="JPEG, PNG or WebP, at most 10 MB. What it says about place, day and camera is removed.",
                upload_to="pictures/",
            ),
        ),
    ]
