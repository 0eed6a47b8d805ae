from collections import defaultdict

from django.db import migrations

BATCH = 500
ANSWERS = ("reached", "left message")


def complete_for_the_desk(apps, schema_editor):
    """Let earlier requests be found by the beginning of a name, and say of each when its sender had an answer."""
    requests, events = (apps.get_model("appointments", name).objects for name in ("EvaluationRequest", "RequestEvent"))
    last = 0
    while batch := list(requests.filter(pk__gt=last).order_by("pk")[:BATCH]):
        record = defaultdict(list)
        for event in events.filter(reference__in=[request.reference for request in batch]).order_by("at", "pk"):
            record[event.reference].append(event)
        for request in batch:
            for event in record[request.reference]:
                scheduled = event.kind == "moved" and event.detail == "scheduled"
                waiting = event.kind == "moved" and event.detail == "waiting"
                if event.kind == "reached" or scheduled:
                    request.reached_at = request.reached_at or event.at
                if event.kind in ANSWERS or scheduled or waiting:
                    request.answered_at = request.answered_at or event.at
            request.save(update_fields=["search_lookups", "interest_lookups", "reached_at", "answered_at"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("appointments", "0004_desk")]

    operations = [migrations.RunPython(complete_for_the_desk, migrations.RunPython.noop)]
