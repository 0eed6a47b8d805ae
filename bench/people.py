"""People who ask for an evaluation, each with a browser of their own, and try again until they see the confirmation."""

import http.client
import re
import time
from collections import Counter
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode

from tests.flow import ANSWERS, URL

MARK = "Soakmark"
"""Stands in everything that these people type, so that it can be looked for where it must not be."""
ANSWER_SECONDS = 30.0
PATIENCE_SECONDS = 120.0
"""How long somebody tries to get past one page."""
PAUSE_SECONDS = 0.3

CHECK = f"{URL}check/"


class BrokenPromiseError(Exception):
    """The site has lost, doubled, mixed up or refused what somebody sent."""


class Page(NamedTuple):
    status: int
    location: str
    """Where the answer leads, or empty."""
    html: str

    @property
    def hidden(self) -> dict:
        """What the form on the page sends along by itself."""
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.html))


class Person:
    """One person, whose name and words nobody else has. The connection of one who `hangs_up` breaks after Send."""

    def __init__(self, number: int, port: int, *, hangs_up: bool = False):
        self.port, self.hangs_up = port, hangs_up
        self.name = f"{MARK} Person {number}"
        self.email = f"{MARK}-{number}@mail.example".lower()
        self.words = f"{MARK} words of person {number}."
        self.answers = ANSWERS | {
            "who": ANSWERS["who"] | {"name": self.name},
            "reach": ANSWERS["reach"] | {"email": self.email},
            "words": {"message": self.words},
        }
        self.cookies = {}
        self.check = None
        """The last page, as this person has it on the screen."""
        self.reference = ""
        self.troubles = Counter()
        """What this person met, each followed by another try."""
        self.began_at = self.pressed_again_at = None
        """Seconds since the epoch."""

    # -- What people do --------------------------------------------------------------------------------------

    def fill_in(self) -> None:
        """Go from the safety check to the last page. Raises BrokenPromiseError."""
        path = f"{URL}safety/"
        while path != CHECK:
            slug = path.removeprefix(URL).strip("/")
            if slug not in {"safety", *self.answers}:
                raise BrokenPromiseError(f"{self.name} was led to {path} while filling in.")
            answers = self.answers.get(slug, {"signs": "none"})
            path = self._press(path, self._open(path).hidden | answers, said=answers.values())
            self.began_at = self.began_at or time.time()
        self.check = self._open(CHECK)
        if any(typed not in self.check.html for typed in (self.name, self.email, self.words)):
            raise BrokenPromiseError(f"{self.name} does not find every answer on the last page.")

    def send(self) -> None:
        """Press Send until the confirmation is there, and note the reference. Raises BrokenPromiseError."""
        fields = self.check.hidden | {"consent": "on"}
        if self.hangs_up:
            self._ask("POST", CHECK, fields, hang_up=True)
            self.troubles["hung up"] += 1
            time.sleep(PAUSE_SECONDS)
            self.pressed_again_at = time.time()
        path = self._press(CHECK, fields, said=[self.name, self.email, self.words])
        if not path.startswith(f"{URL}yours/"):
            raise BrokenPromiseError(f"{self.name} was led to {path} after sending.")
        shown = re.search(r'class="code">([^<]+)<', self._open(path).html)
        if not shown:
            raise BrokenPromiseError(f"{self.name} sees no reference.")
        self.reference = shown[1].replace("-", "")

    # -- How they do it -----------------------------------------------------------------------------------------

    def _open(self, path):
        return self._until(lambda page: page.status == 200, "GET", path)

    def _press(self, path, fields, *, said):
        """Send a form until its answer leads on, and return where to. `said` is what the person has typed."""
        return self._until(lambda page: page.status == 302, "POST", path, fields, said).location

    def _until(self, is_good, method, path, fields=None, said=()):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                page = self._ask(method, path, fields)
            except (OSError, http.client.HTTPException):
                self.troubles["connection lost"] += 1
            else:
                if is_good(page):
                    return page
                if page.status != 503:
                    raise BrokenPromiseError(f"{method} {path} was answered {page.status} {page.location}")
                self.troubles[f"answered {page.status}"] += 1
                typed = [one for one in said if MARK.lower() in str(one).lower()]
                if any(one not in page.html for one in typed):
                    raise BrokenPromiseError(f"{self.name} typed something at {path} that an outage has taken away.")
                if fields and "csrfmiddlewaretoken" in page.hidden:
                    fields = fields | page.hidden  # from here on, it is this page's button that is pressed
            time.sleep(PAUSE_SECONDS)
            if path == CHECK and method == "POST":
                self.pressed_again_at = self.pressed_again_at or time.time()
        raise BrokenPromiseError(f"{self.name} could not get past {path} for {PATIENCE_SECONDS:.0f} seconds.")

    def _ask(self, method, path, fields=None, *, hang_up=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, urlencode(fields, doseq=True) if fields else None, headers)
            if hang_up:
                return None
            answer = connection.getresponse()
            body = answer.read().decode()
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return Page(answer.status, answer.headers.get("Location", ""), body)


def wait_as_long_as_people_take(people: list[Person]) -> None:
    """Wait until all have taken as long as a person does; who is faster is filed as suspected spam."""
    from appointments.gate import FASTEST

    ready_at = max(person.began_at for person in people) + FASTEST.total_seconds() + 1
    time.sleep(max(0, ready_at - time.time()))
