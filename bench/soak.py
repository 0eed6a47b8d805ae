"""`make soak`: 200 people send a request, 20 at a time, while processes are killed and the database is restarted.

Whoever saw a confirmation must find exactly that request stored, once. Every message about it must have gone out. The
exit code is 1 when anything of this is not so.
"""

import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from bench.people import MARK, BrokenPromiseError, Person, wait_as_long_as_people_take
from bench.site import Site, throw_away_site

PEOPLE, AT_ONCE = 200, 20
WHILE_FILLING_IN = [(40, Site.kill_web_workers), (120, Site.kill_database)]
WHILE_SENDING = [
    (20, Site.kill_web_workers),
    (50, Site.stop_database),
    (80, Site.kill_message_worker),
    (110, Site.kill_database),
    (140, Site.kill_everything_but_the_database),
    (160, Site.kill_web_workers),
]
"""After how many people are done, what is struck."""
DRAIN_SECONDS = 90.0


def main() -> None:
    began = time.monotonic()
    try:
        # All these people share one address.
        with throw_away_site(REQUESTS_PER_ADDRESS="1000000") as site:
            people = [Person(number, site.port, hangs_up=number % 8 == 0) for number in range(PEOPLE)]
            struck = let_all(people, Person.fill_in, site, WHILE_FILLING_IN)
            wait_as_long_as_people_take(people)
            struck += let_all(people, Person.send, site, WHILE_SENDING)
            send_what_was_left(site)
            report(people, struck)
            if faults := [*faults_of_requests(people), *faults_of_messages(site, struck), *faults_of_logs(site)]:
                raise BrokenPromiseError("\n".join(faults))
    except BrokenPromiseError as error:
        sys.exit(f"\nBROKEN\n{error}")
    print(f"\nNothing was lost, nothing is there twice ({time.monotonic() - began:.0f} s).")


def let_all(people, act, site, strikes) -> int:
    """Let everybody act, AT_ONCE at a time, and strike when so many are done. Return the number of strikes."""
    done = []

    def one(person):
        act(person)
        done.append(person)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        acting = [pool.submit(one, person) for person in people]
        for number, strike in strikes:
            while len(done) < number and not all(future.done() for future in acting):
                time.sleep(0.005)
            now = len(done)
            strike(site)
            print(f"{act.__name__}: {strike.__name__} after {now} of {len(people)}", flush=True)
            if now == len(people):
                raise BrokenPromiseError("A strike came too late to prove anything. Give the people more to do.")
    for future in acting:
        future.result()
    return len(strikes)


def send_what_was_left(site) -> None:
    """Wait until all messages have gone out, those included that a killed worker had in hand."""
    from django.utils import timezone

    from appointments.models import Message

    queued = Message.objects.filter(state=Message.State.QUEUED)
    _wait_until(lambda: not queued.filter(due_at__lte=timezone.now()).exists())
    site.stop()
    # With no worker left, these are in nobody's hands. Their lease is let lapse now instead of minutes later.
    left = queued.update(due_at=timezone.now())
    print(f"messages whose worker was killed or lost the database: {left}")
    site.start()
    _wait_until(lambda: not queued.exists())


def _wait_until(condition):
    deadline = time.monotonic() + DRAIN_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise BrokenPromiseError("Messages are still waiting.")
        time.sleep(0.2)


def report(people, struck) -> None:
    from appointments.models import EvaluationRequest

    received = {one.name: one.received_at.timestamp() for one in EvaluationRequest.objects.all()}
    again = [person for person in people if person.pressed_again_at]
    early = [person for person in again if received.get(person.name, float("inf")) < person.pressed_again_at]
    troubles = sum((person.troubles for person in people), Counter())
    print(
        f"\npeople: {len(people)}   confirmed: {sum(bool(person.reference) for person in people)}   strikes: {struck}"
    )
    print(f"tried again: {sum(troubles.values())} times ({', '.join(f'{n}: {c}' for n, c in troubles.most_common())})")
    print(f"pressed Send again without an answer: {len(again)}, of whom {len(early)} had been stored the first time")


def faults_of_requests(people):
    """Yield in words whatever differs between what people saw and what is stored."""
    from appointments.models import EvaluationRequest, RequestDraft, RequestEvent

    stored = list(EvaluationRequest.objects.all())
    by_name = Counter(one.name for one in stored)
    yield from (f"{name} is stored {count} times." for name, count in by_name.items() if count > 1)
    by_reference = {one.reference: one for one in stored}
    for person in people:
        request = by_reference.pop(person.reference, None)
        if request is None:
            yield f"{person.name} saw the reference {person.reference}, which is not stored."
        elif (request.name, request.email, request.message) != (person.name, person.email, person.words):
            yield f"{person.name} saw a reference that belongs to somebody else."
        elif request.suspicion:
            yield f"{person.name} was taken for spam: {request.suspicion}."
    yield from (f"{one.name} is stored and saw no confirmation of it." for one in by_reference.values())
    received = RequestEvent.objects.filter(kind=RequestEvent.Kind.RECEIVED).values_list("reference", flat=True)
    if Counter(received) != Counter(one.reference for one in stored):
        yield "The record does not name every request once."
    if left := RequestDraft.objects.filter(pk__in=[one.submission_key for one in stored]).count():
        yield f"{left} requests were sent, and their unfinished answers are still there."


def faults_of_messages(site, struck):
    """Yield in words whatever is wrong with the messages. Each strike may double the one message then in hand."""
    from appointments.models import EvaluationRequest, Message
    from appointments.notifications import message_id

    kinds = [Message.Kind.STAFF_NEW, Message.Kind.PATIENT_RECEIVED]
    references = EvaluationRequest.objects.values_list("reference", flat=True)
    stored = Counter(Message.objects.values_list("request__reference", "kind"))
    if stored != Counter((reference, kind) for reference in references for kind in kinds):
        yield "There is not one message of each kind for every request."
    mail = "".join(file.read_text() for file in (site.folder / "mail").glob("*"))
    sent = {one: mail.count(f"Message-ID: {message_id(one)}") for one in Message.objects.select_related("request")}
    twice = sum(times == 2 for times in sent.values())
    print(f"messages: {len(sent)}   sent once: {sum(times == 1 for times in sent.values())}   sent twice: {twice}")
    for message, times in sent.items():
        if message.state != Message.State.SENT or times not in (1, 2):
            yield f"{message}: {message.state}, sent {times} times."
    if twice > struck:
        yield f"{twice} messages were sent twice, more than there were strikes."


def faults_of_logs(site):
    """Yield the names of files outside the database that hold anything that was typed, the recipient aside."""
    for file in (site.log, site.folder / "postgres/server.log", *(site.folder / "mail").glob("*")):
        lines = [line for line in file.read_text().splitlines() if not line.startswith("To: ")]
        if any(MARK.lower() in line.lower() for line in lines):
            yield f"{file.name} holds what somebody typed."


if __name__ == "__main__":
    main()
