"""Several workers at once: each message goes out, and goes out once."""

import threading
import time
from collections import Counter

from django.db import connection

from appointments import outbox
from appointments.models import StaffMessage
from tests.factories import make_request


def test_many_workers_send_each_message_once(stored, monkeypatch):
    requests = [make_request() for _ in range(30)]
    sent = Counter()

    def send_slowly(reference, message_id):
        time.sleep(0.02)  # long enough for another worker to take the same message, if it could
        sent[reference] += 1

    monkeypatch.setattr(outbox, "tell_staff_of_request", send_slowly)

    def work():
        while outbox.send_one():
            pass
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sent == Counter(request.reference for request in requests)
    assert set(StaffMessage.objects.values_list("state", flat=True)) == {StaffMessage.State.SENT}
