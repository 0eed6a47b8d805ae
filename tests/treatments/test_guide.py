"""The editor guide: it can be opened and read, and every name it quotes stands on a real screen."""

import datetime
import html
import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from PIL import Image

from medici_site.roles import ROLES
from tests.factories import make_user, sign_in
from tests.treatments.test_admin import form_values
from treatments import publishing, readability, wording
from treatments.models import ClinicSettings, GlossaryTerm, Picture, Treatment, Version

pytestmark = pytest.mark.django_db

MAX_BYTES = 40 * 1024
NAMED = "a|b|button|dt|figcaption|h1|h2|h3|label|legend|option|span|summary|th"


@pytest.fixture
def guide(editor_client) -> str:
    return editor_client.get(reverse("admin:treatments_version_guide")).content.decode()


@pytest.mark.parametrize(
    ("role", "status"), [("editor", 200), ("medical reviewer", 200), ("manager", 200), ("front desk", 403)]
)
def test_it_opens_for_whoever_sees_content(client, role, status):
    sign_in(client, make_user(role=role))
    assert client.get(reverse("admin:treatments_version_guide")).status_code == status


def test_the_contents_name_every_section_in_its_order(guide):
    contents, sections = guide.split('<div class="told">')
    linked = re.findall(r'<a href="#([\w-]+)">(.*?)</a>', contents)
    assert linked == re.findall(r'<h2 id="([\w-]+)">(.*?)</h2>', sections)
    assert set(re.findall(r'href="#([\w-]+)"', sections)) <= {anchor for anchor, _ in linked}


def test_pictures_exist_are_described_and_small(guide):
    shown = re.findall(
        r'<img src="[^"]*?/(staff/guide/[^"]+)" width="(\d+)" height="(\d+)" alt="([^"]{30,})" loading="lazy">', guide
    )
    assert len(shown) == guide.count("<img") >= 8
    files = {path.name for path in (settings.BASE_DIR / "static/staff/guide").iterdir()}
    assert files == {name.rpartition("/")[2] for name, *_ in shown}
    for name, width, height, _ in shown:
        path = settings.BASE_DIR / "static" / name
        assert path.stat().st_size < MAX_BYTES, name
        with Image.open(path) as image:
            assert image.height > 100, name
            assert int(width) <= 700
            assert abs(image.height * int(width) / image.width - int(height)) < 1, f"{name}: see tests.guide_pictures"


def test_it_is_easy_to_read(guide, record_property):
    words = guide[guide.index('<div class="told">') : guide.index('id="files"')]
    words = re.sub(r'<p class="never">.*?</p>', "", words)  # words that are not for use
    text = html.unescape(strip_tags(re.sub(r"</(?:p|li|h2|h3|dt|dd|td|th)>", "\n", words)))
    grade = readability.grade(text)
    record_property("grade", round(grade, 1))
    assert grade <= 7
    assert readability.long_sentences(text) == []


def test_it_names_every_state_role_and_forbidden_word(guide):
    assert re.findall(r'<dt><span class="state">(.*?)</span>', guide) == Version.State.labels
    assert re.findall(r'<th scope="row">(.*?)</th>', guide) == list(ROLES)
    assert re.findall(r'<p class="never">(.*?)</p>', guide) == [", ".join(wording.PROMISES), ", ".join(wording.BLAME)]


def test_every_button_and_name_it_quotes_is_on_a_screen(guide, screens):
    known = {_plain(name) for screen in screens for name in _names(screen)}
    known |= {_plain(name) for name in re.findall(r'"([A-Z][^"\n]+)"', _editor_script())}
    quoted = {_plain(name) for name in re.findall(r'<b class="(?:button|screen)-name">(.*?)</b>', guide)}
    assert len(quoted) > 80
    # Three dots stand for what differs from time to time, such as a day.
    missing = {one for one in quoted if not any(one == name or _starts(name, one) for name in known)}
    assert missing == set()


def _plain(name: str) -> str:
    return " ".join(html.unescape(strip_tags(name)).split()).rstrip(":.").casefold()


def _starts(name: str, quoted: str) -> bool:
    return quoted.endswith(" …") and name.startswith(quoted[:-1])


def _names(screen: str) -> list[str]:
    """What can be pressed, and the headings, labels and states, as the eye sees them on a screen."""
    screen = screen[screen.index('id="content"') :]
    screen = re.sub(r'<span class="visually-hidden">.*?</span>', "", screen)
    screen = re.sub(r" \(\d+\)</h2>", "</h2>", screen)  # how many there are at the moment
    tags = [name for tag in NAMED.split("|") for name in re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", screen, re.S)]
    return tags + re.findall(r'<input type="submit"[^>]*value="([^"]+)"', screen)


def _editor_script() -> str:
    return (settings.BASE_DIR / "static/admin/editor.js").read_text()


@pytest.fixture
def screens(editor_client, reviewer_client, manager_client):
    """Every screen that the guide tells of, as the person sees it who works there."""
    shown = []

    def see(client: Client, address, asked=None, *, sent=None):
        answer = client.post(address, sent) if sent else client.get(address, asked)
        assert answer.status_code == 200, address
        shown.append(answer.content.decode())
        return answer

    def of(content, step):
        return reverse(f"admin:treatments_{content.kind()}_{step}", args=[content.pk])

    def version_page(version, client=editor_client):
        return see(client, reverse("admin:treatments_version_change", args=[version.pk]))

    author = make_user(username="author")
    later = timezone.localtime() + datetime.timedelta(days=30)
    then = {"at_0": f"{later:%Y-%m-%d}", "at_1": "09:00"}
    treatment, term = Treatment.objects.get(slug="prp"), GlossaryTerm.objects.get(slug="ablation")
    Treatment.objects.filter(slug="hbot").update(staff_notes=["Clinician: Is it so?"])
    see(editor_client, reverse("admin:index"))
    see(editor_client, reverse("admin:treatments_treatment_changelist"))
    see(editor_client, reverse("admin:treatments_picture_add"))
    see(editor_client, reverse("admin:treatments_finderrule_add"))
    opened = form_values(see(editor_client, of(treatment, "change")))

    # Somebody else saves words that must be mended.
    Treatment.objects.filter(pk=treatment.pk).update(how_it_works="This will cure you.")
    treatment.refresh_from_db()
    publishing.keep(treatment, by=author)
    see(editor_client, of(treatment, "change"), sent=opened | {"how_it_works": "My words."})
    for step in ("change", "preview", "review", "publish", "delete"):
        see(editor_client, of(treatment, step))

    GlossaryTerm.objects.filter(pk=term.pk).update(meaning="Heat on a nerve.")
    term.refresh_from_db()
    asked = {"reason": "Clearer", "version": publishing.keep(term, by=author).number}
    see(editor_client, of(term, "publish"))
    see(editor_client, of(term, "publish"), asked)
    see(editor_client, of(term, "publish"), asked | then)
    sent = publishing.send_for_review(term, by=author)
    editor_client.post(reverse("admin:treatments_version_share", args=[sent.pk]))
    for client in (editor_client, reviewer_client):
        version_page(sent, client)
    see(editor_client, of(term, "change"))
    see(reviewer_client, reverse("admin:treatments_version_reviews"))
    see(reviewer_client, f"{reverse('admin:treatments_version_sign')}?version={sent.pk}")
    publishing.sign(sent, by=make_user(role="medical reviewer", username="signer"))
    see(editor_client, of(term, "change"))
    publishing.publish(term, by=author, reason="Clearer")
    see(editor_client, of(term, "history"))
    version_page(Version.objects.of(term).get(number=1))

    see(editor_client, of(term, "retire"), {"reason": "Old"})
    see(editor_client, of(term, "retire"), {"reason": "Old"} | then)
    publishing.plan_retiring(term, by=author, at=later, reason="Old")
    see(editor_client, of(term, "retire"))
    see(editor_client, of(term, "delete"))
    publishing.retire(term, by=author, reason="Old")
    see(editor_client, of(term, "delete"))
    publishing.delete(term, by=author, reason="Old")
    version_page(sent)
    for name in ("notes", "coming", "deleted", "order"):
        see(editor_client, reverse(f"admin:treatments_version_{name}"))
    see(manager_client, of(ClinicSettings.objects.get(), "change"))
    see(editor_client, of(Picture.objects.first(), "change"))
    return shown
