from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("appointments", "0006_who_looked")]

    operations = [
        migrations.RemoveIndex(
            model_name="evaluationrequest",
            name="request_closed",
        ),
        migrations.AddIndex(
            model_name="evaluationrequest",
            index=models.Index(
                condition=models.Q(("suspicion", "")), fields=["received_at", "id"], name="request_sent"
            ),
        ),
        migrations.AddIndex(
            model_name="evaluationrequest",
            index=models.Index(
                condition=models.Q(("suspicion", ""), _negated=True), fields=["received_at", "id"], name="request_spam"
            ),
        ),
        migrations.AddIndex(
            model_name="evaluationrequest",
            index=models.Index(
                condition=models.Q(("status", "closed")), fields=["suspicion", "closed_at", "id"], name="request_closed"
            ),
        ),
    ]
