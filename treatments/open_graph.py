"""What a link to a page shows elsewhere: Open Graph (ogp.me) words, and a picture of them in the site's own design.

A picture's name holds a proof of what it shows, so caches never hold old words. Only pages that patients can read
have one, and each is drawn once in a process: a flood of requests finds nothing to draw.
"""

from __future__ import annotations

import functools
import hashlib
import io
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from PIL import Image, ImageDraw, ImageFont

from treatments import links, tools
from treatments.library import Library
from treatments.models import InfoPage, Page, Treatment

SIZE = WIDTH, HEIGHT = 1200, 630  # pixels; what those who show links ask for
DESIGN = 1  # counted up when the drawing changes, for what caches hold


class Card(NamedTuple):
    """All that a picture shows."""

    title: str
    line: str
    brand: str
    brand_line: str
    steps: int
    """Bones on the ladder: the families."""
    step: int | None
    """The one that the page is about; None for a page about all of them."""

    @property
    def proof(self) -> str:
        return hashlib.sha256(repr((DESIGN, *self)).encode()).hexdigest()[:12]


def subject(kind: str, slug: str, library: Library) -> Page | tools.Tool | None:
    """Return the page or tool that a picture is about, as far as patients can read it."""
    if kind == "tool":
        return tools.named(slug)
    return library.get(kind, slug) if kind in (Treatment.kind(), InfoPage.kind()) else None


def card(subject: Page | tools.Tool, library: Library) -> Card:
    title, line, step = str(subject), "", None
    if isinstance(subject, Treatment):
        family = subject.linked.family or subject
        line, step = subject.plain_name, 1 + library.families.index(family)
        if family is subject:
            line = f"Step {step} of {len(library.families)} · {line}"
    elif isinstance(subject, InfoPage):
        line = subject.kicker
    else:
        title, line = subject.title, subject.line
    clinic = library.clinic
    return Card(title, line, clinic.brand_name, clinic.brand_line, len(library.families), step)


def picture_address(subject: Page | tools.Tool, library: Library) -> str:
    name = f"{subject.slug}-{card(subject, library).proof}"
    return reverse("open_graph_picture", args=[subject.kind(), name])


def words(request, page: Page | None) -> dict:
    """Return what a link to this page shows. What is neither content nor a tool borrows from the home page."""
    library = request.library
    subject = page or tools.at(request.path) or library.page("home")
    shown = card(subject, library)
    return {
        "title": shown.title,
        "type": "article" if page and page.slug != "home" else "website",
        "picture": links.absolute(request, picture_address(subject, library)),
        "alt": ". ".join(filter(None, [shown.title.rstrip("."), shown.line])),
        "width": WIDTH,
        "height": HEIGHT,
    }


# -- Drawing -----------------------------------------------------------------------------------------

FONT = settings.BASE_DIR / "static/fonts/atkinson-next.woff2"  # FreeType of Pillow's wheels reads it as it is
PLAIN, BOLD, EXTRA_BOLD = 400, 700, 800
LEADING = 1.06
# The light tokens of base.css.
GROUND, INK, SOFT, CLAY = "#fffdfb", "#10222e", "#384a56", "#84360d"
FILM, FILM_BONE, AMBER = "#0c2233", "#2c516a", "#ffc46b"
GENTLEST, MOST_INVOLVED = (0xFF, 0xE0, 0xC8), (0xEF, 0x98, 0x60)
LOGO_BONE = "#f3a06a"
MARGIN, LOGO, PANEL = 72, 76, (868, 40, 1160, 590)
FINER = 4  # shapes are drawn this many times larger and then reduced, for smooth edges
# The bone of the logo around its middle: where it starts, then quadratic curves, each by its control and its end.
BONE_WIDTH, BONE_HEIGHT = 46, 26
BONE = ((-18, -12), (0, -8, 18, -12), (23, -13, 21, -8), (18, 0, 21, 8), (23, 13, 18, 12))
BONE += ((0, 8, -18, 12), (-23, 13, -21, 8), (-18, 0, -21, -8), (-23, -13, -18, -12))


@functools.lru_cache(maxsize=256)  # some 20 KB each
def draw(card: Card) -> bytes:
    """Return the picture as a PNG file."""
    picture = Image.new("RGB", SIZE, GROUND)
    pen = ImageDraw.Draw(picture)
    left, top, right, bottom = PANEL
    width, brand_top, beside_logo = left - MARGIN - 48, bottom - LOGO, MARGIN + LOGO + 18
    picture.paste(_ladder(card, right - left, bottom - top), (left, top))
    picture.paste(_logo(), (MARGIN, brand_top))
    _write(pen, card.brand, (beside_logo, brand_top - 3, width - LOGO - 18, 46), range(36, 15, -2), INK)
    _write(pen, card.brand_line, (beside_logo, bottom - 35, width - LOGO - 18, 36), range(27, 11, -1), SOFT, PLAIN)
    end = _write(pen, card.line, (MARGIN, top + 4, width, 110), range(34, 25, -2), CLAY)
    _write(pen, card.title, (MARGIN, end + 12, width, brand_top - end - 40), range(92, 35, -4), INK)
    file = io.BytesIO()
    picture.quantize(128).save(file, "PNG", optimize=True)
    return file.getvalue()


def _font(size: int, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(FONT, size)
    font.set_variation_by_axes([weight])
    return font


def _write(pen, text: str, box: tuple, sizes: range, color: str, weight: int = BOLD) -> int:
    """Write a text as large as it fits into a box, and return where it ends."""
    left, top, width, height = box
    font, lines = fit(text, width, height, sizes, weight)
    for number, line in enumerate(lines, start=1):
        pen.text((left, top + font.size * LEADING * number), line, color, font, "ls")
    return top + round(_height(font, lines))


def fit(text: str, width: int, height: int, sizes: range, weight: int = BOLD) -> tuple:
    """Return the largest font in which a text fits, and its lines. At the smallest size words are broken."""
    for size in sizes:
        font, words = _font(size, weight), text.split()
        if size == sizes[-1]:
            words = _broken(words, font, width)
        lines = _lines(words, font, width)
        if _height(font, lines) <= height and all(font.getlength(line) <= width for line in lines):
            break
    # Lines of about the same length: no word stands alone where it need not.
    narrower = (_lines(words, font, room) for room in range(width // 2, width, 12))
    fitting = (
        even for even in narrower if len(even) == len(lines) and max(map(font.getlength, even), default=0) <= width
    )
    return font, next(fitting, lines)


def _height(font, lines: list[str]) -> float:
    return font.size * LEADING * (len(lines) + 0.25) if lines else 0


def _lines(words: list[str], font, width: int) -> list[str]:
    lines = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _broken(words: list[str], font, width: int) -> list[str]:
    """Return the words, and those that are too long for a line in parts."""
    parts = []
    for word in words:
        rest = word
        while font.getlength(rest) > width:
            end = next(end for end in range(len(rest), 0, -1) if end == 1 or font.getlength(rest[:end]) <= width)
            parts.append(rest[:end])
            rest = rest[end:]
        parts.append(rest)
    return parts


def _ladder(card: Card, width: int, height: int) -> Image.Image:
    """Return the film with the ladder on it as a spine, gentlest first; a page's own step is lit and numbered."""
    film = _film(width, height, radius=40)
    pitch = (height - 56) / card.steps
    middles = []
    for number in range(1, card.steps + 1):
        part = (number - 1) / max(1, card.steps - 1)  # of the way down
        bend = 0.055 * (1 - (2 * part - 1) ** 2) - 0.025  # the spine curves as on the ladder's own page
        middles.append((width * (0.5 + bend), 28 + pitch * (number - 0.5)))
        warmth = tuple(round(a + (b - a) * part) for a, b in zip(GENTLEST, MOST_INVOLVED, strict=True))
        color = warmth if not card.step else AMBER if number == card.step else FILM_BONE
        _bone(film, middles[-1], 0.62 * width / BONE_WIDTH, 0.8 * pitch / BONE_HEIGHT, color)
    film = film.reduce(FINER)
    if card.step:
        number = str(card.step), INK, _font(round(0.58 * pitch), EXTRA_BOLD), "mm"
        ImageDraw.Draw(film).text(middles[card.step - 1], *number)
    return film


def _logo() -> Image.Image:
    logo, scale = _film(LOGO, LOGO, radius=LOGO / 4), LOGO / 48
    for x, y, wide, high in ((22, 12, 0.56, 0.42), (26, 24, 0.6, 0.42), (22, 36, 0.64, 0.42)):
        _bone(logo, (x * scale, y * scale), wide * scale, high * scale, LOGO_BONE)
    return logo.reduce(FINER)


def _film(width: int, height: int, *, radius: float) -> Image.Image:
    """Return a film panel, finer than it will be: dark, with one square corner."""
    film = Image.new("RGB", (width * FINER, height * FINER), GROUND)
    corners = (True, True, True, False)
    ImageDraw.Draw(film).rounded_rectangle((0, 0, *film.size), radius * FINER, FILM, corners=corners)
    return film


def _bone(film: Image.Image, middle: tuple, wide: float, high: float, color) -> None:
    points = [((middle[0] + x * wide) * FINER, (middle[1] + y * high) * FINER) for x, y in _outline()]
    ImageDraw.Draw(film).polygon(points, fill=color)


@functools.cache
def _outline() -> list[tuple[float, float]]:
    """Return points along the curves of the bone."""
    (x0, y0), points = BONE[0], []
    for cx, cy, x1, y1 in BONE[1:]:
        for t in (step / 12 for step in range(12)):
            a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
            points.append((a * x0 + b * cx + c * x1, a * y0 + b * cy + c * y1))
        x0, y0 = x1, y1
    return points
