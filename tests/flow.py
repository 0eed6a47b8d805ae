"""Going through the request as a browser does, one page after the other."""

import datetime
import re

import time_machine
from django.utils import timezone

URL = "/request-evaluation/"
# What a person answers who answers no more than they must.
ANSWERS = {
    "who": {"for_whom": "self", "name": "Sample Patient"},
    "reach": {"contact_by": "phone", "phone": "(555) 010-0142"},
    "safe-contact": {},
    "needs": {},
    "fusion": {},
    "pain": {"concerns": ["leg"]},
    "tried": {},
    "interests": {},
    "insurance": {},
    "words": {},
}
# An answer to every question.
EVERYTHING = {
    "who": {"for_whom": "other", "name": "Sample Patient", "helper_name": "Sample Helper", "helper_relation": "aunt"},
    "reach": {"contact_by": "text", "phone": "(555) 010-0142", "email": "sample@mail.example", "may_text": "on"},
    "safe-contact": {
        "may_leave_message": "yes",
        "who_may_answer": "trusted",
        "trusted_person": "Sample Friend",
        "best_times": ["morning", "any"],
        "times_to_avoid": "never at noon",
    },
    "needs": {"access_needs": ["interpreter", "sitting"], "language": "Spanish", "needs": "a quiet room"},
    "fusion": {"fusions": "several", "fusion_areas": ["low-back"], "fusion_year": "2019", "fusion_levels": "L4-L5"},
    "pain": {"concerns": ["leg", "burning"]},
    "tried": {"tried": ["shots", "medicine"]},
    "interests": {"interests": ["hbot", "not-sure"]},
    "insurance": {"insurance": "insured", "insurer": "Sample Insurance"},
    "words": {"message": "My own words.\nOn two lines."},
}

CALL = "tel:+15550100100"
NEEDS = {
    "911": ("Call 911 now", ["tel:911"]),
    "988": ("Call or text 988", ["tel:988", "sms:988"]),
    "er": ("Go to the ER now", ["tel:911"]),
    "same day": ("Call us today", [CALL, "tel:911"]),
    "this week": ("Tell us this week", [CALL]),
}
"""What is said of the signs of each level, the most urgent first."""


def pass_safety(client, *signs, interest=""):
    return client.post(f"{URL}safety/", {"signs": signs or ["none"], "interest": interest})


def answer(client, slug, data=None, *, changing=False, **changes):
    """Answer one step; a change to None leaves the field out."""
    data = {name: value for name, value in ((data or ANSWERS[slug]) | changes).items() if value is not None}
    return client.post(f"{URL}{slug}/{'change/' if changing else ''}", data)


def fill_in(client, *, answers=ANSWERS, signs=(), **changes):
    """Go from the safety check to the last page: fill_in(client, reach={"email": "a@mail.example"})."""
    pass_safety(client, *signs)
    for slug, data in answers.items():
        response = answer(client, slug, data | changes.get(slug.replace("-", "_"), {}))
        assert response.status_code == 302, f"{slug}: {response.content.decode()}"
    assert response.url == f"{URL}check/"


def hidden(client) -> dict:
    """What the last page sends along by itself."""
    html = client.get(f"{URL}check/").content.decode()
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))


def press_send(client, **changes):
    data = hidden(client) | {"consent": "on"} | changes
    return client.post(f"{URL}check/", {name: value for name, value in data.items() if value is not None})


def send(client, **options):
    """Fill in and send as slowly as a person; returns the last answer, which leads to the confirmation."""
    with time_machine.travel(timezone.now() - datetime.timedelta(minutes=5)):
        fill_in(client, **options)
    return press_send(client)


def levels_of(response) -> dict[str, list[str]]:
    """The headings of the levels on a page, in their order, with the links below each."""
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    parts = re.split(r'<div class="level[^>]*>\s*<h2>(.*?)</h2>', main)
    links = [re.findall('href="([^"]+)"', part.partition("</ul>")[0]) for part in parts[2::2]]
    return dict(zip(parts[1::2], links, strict=True))
