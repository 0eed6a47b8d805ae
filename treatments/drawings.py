"""The drawings that come with the site: fragments of SVG in templates/drawings/, put into the page itself.

Inline they take the page's colours, in light, dark and print, without another request.
"""

import functools

from django.conf import settings

FOLDER = "drawings/procedures"


def choices() -> list[tuple[str, str]]:
    """The drawings that a picture can use. Icons and scenes are placed by the design itself."""
    names = sorted(path.stem for path in (settings.BASE_DIR / "templates" / FOLDER).glob("*.svg"))
    return [(name, name.replace("-", " ").capitalize()) for name in names]


def template(name: str) -> str:
    """The template of a drawing."""
    return f"{FOLDER}/{name}.svg"


@functools.cache
def icon(slug: str) -> str | None:
    """The template of the icon that is named like a family's address, or None when there is none."""
    name = f"drawings/icons/{slug}.svg"
    return name if (settings.BASE_DIR / "templates" / name).is_file() else None
