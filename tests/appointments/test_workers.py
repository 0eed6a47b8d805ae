"""Several workers at once: each message goes out, and goes out once."""

import threading
import time
from collections import Counter

from django.db import connection

from appointments import outbox
from appointments.models import Message
from tests.factories import make_request


def test_many_workers_send_each_message_once(stored, monkeypatch):
    requests = [make_request() for _ in range(30)]
    sent = Counter()

    def send_slowly(message):
        time.sleep(0.02)  # long enough for another worker to take the same message, if it could
        sent[message.request.reference] += 1

    monkeypatch.setattr(outbox, "deliver", send_slowly)

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
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.SENT}
