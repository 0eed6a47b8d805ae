"""Photographs: what an upload must be, how it is kept, and the sizes in which browsers may ask for it.

Of an upload only the pixels are kept: as a master, a JPEG made anew, and as smaller renditions beside it. The
master's name holds a proof of its content and its size, such as knee-3fa9c1d2e4b5-2400x1600.jpg. So a page can
show it without opening a file, and no file ever changes under its name, which published versions go on using.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import logging
import math
import re
import secrets
from pathlib import Path

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import models
from django.db.models.fields.files import ImageFieldFile
from django.utils.text import slugify
from PIL import ExifTags, Image, ImageCms, ImageOps

log = logging.getLogger(__name__)

FOLDER = "pictures"
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = {"JPEG": 40_000_000, "PNG": 40_000_000, "WEBP": 12_000_000}  # WebP is decoded into four images at once
LONGER_SIDE = 2400  # pixels of a master
WIDTHS = (480, 960, 1440)  # pixels; the widest place is 40rem, which screens show with up to three pixels each

# How each kind of file is written, the smallest first, and what it is called in an answer.
OPTIONS = {
    "avif": {"format": "AVIF", "quality": 60, "speed": 8},
    "webp": {"format": "WEBP", "quality": 78, "method": 4},
    "jpg": {"format": "JPEG", "quality": 82, "optimize": True, "progressive": True},
}
MASTER = {"format": "JPEG", "quality": 90, "optimize": True, "progressive": True}
CONTENT_TYPES = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}

_PROOF = r"-(?P<proof>[0-9a-f]{12})-(?P<width>[1-9][0-9]{0,3})x(?P<height>[1-9][0-9]{0,3})"
_MASTER = re.compile(rf"(?P<stem>[a-z0-9]+(?:-[a-z0-9]+)*){_PROOF}\.jpg")
_RENDITION = re.compile(rf"[a-z0-9]+(?:-[a-z0-9]+)*{_PROOF}-[1-9][0-9]{{0,3}}\.({'|'.join(OPTIONS)})")

AGAIN = "Open it in a picture program, export it as a JPEG, and try again with that file."


# -- From an upload to a master ----------------------------------------------------------------------


def prepare(file) -> bytes:
    """Return the master of a photograph, made from its pixels alone. Of a moving picture it is the first frame.

    Raises ValidationError with what to do. The file's own name and type are not asked: only its bytes count.
    """
    size = File(file).size
    if not size:
        raise ValidationError("The file is empty. Choose the photograph once more.")
    if size > MAX_BYTES:
        raise ValidationError(
            f"The file has {size / 2**20:.1f} MB, and at most {MAX_BYTES // 2**20} MB are possible. Make the "
            f"photograph smaller, for example {LONGER_SIDE} pixels wide, and try again."
        )
    file.seek(0)
    try:
        image = _decode(file)
    except ValidationError:
        raise
    except Image.UnidentifiedImageError:
        raise ValidationError(f"The file is not a JPEG, PNG or WebP photograph. {AGAIN}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except Exception:
        # A decoder that meets a broken file may raise anything; whatever it is, the file is of no use.
        raise ValidationError(f"The photograph is damaged or cut off. {AGAIN}") from None
    image.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.LANCZOS)
    return _encoded(image, MASTER)


def _too_large(limit: int = max(MAX_PIXELS.values())) -> ValidationError:
    return ValidationError(
        f"The photograph has more than {limit // 10**6} megapixels, which is too large. Make it smaller, for example "
        f"{LONGER_SIDE} pixels wide, and try again."
    )


def _decode(file) -> Image.Image:
    """Return the pixels, upright, in sRGB and on white, in less than twice the size of a master."""
    with Image.open(file, formats=list(MAX_PIXELS)) as image:
        # The size stands in the first bytes; nothing is decoded before it is known to be bearable.
        limit = MAX_PIXELS.get(image.format, MAX_PIXELS["JPEG"])  # some cameras make a JPEG of several, an MPO
        if image.width * image.height > limit:
            raise _too_large(limit)
        profile, turn = image.info.get("icc_profile"), image.getexif().get(ExifTags.Base.Orientation)
        image.draft(None, (LONGER_SIDE, LONGER_SIDE))  # lets JPEG skip what is not needed
        upright = _to_srgb(_reduced(image), profile)
    if turn:
        upright.getexif()[ExifTags.Base.Orientation] = turn
        ImageOps.exif_transpose(upright, in_place=True)
    return upright


def _reduced(image: Image.Image) -> Image.Image:
    """Return the flat image by a whole factor smaller. Made strip by strip: a second large image is never held."""
    factor = max(1, max(image.size) // LONGER_SIDE)
    size = math.ceil(image.width / factor), math.ceil(image.height / factor)
    reduced = Image.new("CMYK" if image.mode == "CMYK" else "RGB", size)
    rows = 64 * factor
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        reduced.paste(_flat(strip).reduce(factor), (0, top // factor))
    return reduced


def _flat(image: Image.Image) -> Image.Image:
    """Return the image without transparency, on white."""
    if image.mode == "CMYK":
        return image
    if image.mode.startswith("I"):  # 16 bits of gray, such as an X-ray; converting alone would make it all white
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a profile that does not fit, such as one for gray; the colors are near enough without it
    return image.convert("RGB")


def _encoded(image: Image.Image, options: dict) -> bytes:
    image.info.clear()  # whatever came along besides the pixels ends here
    result = io.BytesIO()
    image.save(result, **options)
    return result.getvalue()


# -- Names -------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Photo:
    """A stored photograph, known by nothing but the name of its master."""

    name: str
    width: int
    height: int

    @classmethod
    def named(cls, name: str) -> Photo | None:
        match = _MASTER.fullmatch(name)
        return match and cls(name, int(match["width"]), int(match["height"]))

    @property
    def widths(self) -> list[int]:
        """The widths of the renditions, never more than the master has."""
        return [*(width for width in WIDTHS if width < self.width), min(self.width, WIDTHS[-1])]

    def rendition(self, width: int, kind: str) -> str:
        return f"{self.name.removesuffix('.jpg')}-{width}.{kind}"

    def srcset(self, kind: str) -> str:
        files = ((default_storage.url(f"{FOLDER}/{self.rendition(width, kind)}"), width) for width in self.widths)
        return ", ".join(f"{url} {width}w" for url, width in files)

    @property
    def sources(self) -> list[tuple[str, str]]:
        """Type and files for browsers that know more than JPEG, the smallest first."""
        return [(CONTENT_TYPES[kind], self.srcset(kind)) for kind in OPTIONS if kind != "jpg"]

    @property
    def jpegs(self) -> str:
        return self.srcset("jpg")

    @property
    def url(self) -> str:
        """For what reads no list of files: the JPEG of middle size."""
        return default_storage.url(f"{FOLDER}/{self.rendition(self.widths[len(self.widths) // 2], 'jpg')}")


def _proof(master: bytes) -> str:
    return hashlib.sha256(master).hexdigest()[:12]


def name_for(name: str, master: bytes) -> str:
    """Return the name under which a master is kept, told from the name of the file that it was made from."""
    earlier = _MASTER.fullmatch(name)  # of an exported master that was edited: it does not carry two proofs
    stem = earlier["stem"] if earlier else Path(name).stem
    stem = slugify(re.sub(r"[\W_]+", "-", stem))[:40].strip("-") or "photograph"
    with Image.open(io.BytesIO(master)) as image:
        return f"{stem}-{_proof(master)}-{image.width}x{image.height}.jpg"


def master_of(file, name: str) -> tuple[str, bytes]:
    """Return name and bytes of the master of a file that we trust. A master, known by its proof, stays as it is.

    For content files and our own code. An upload always goes through `prepare`: anyone can compute a proof.
    """
    if match := _MASTER.fullmatch(name):
        file.seek(0)
        data = file.read()
        if match["proof"] == _proof(data):
            return name, data
    data = prepare(file)
    return name_for(name, data), data


# -- Files -------------------------------------------------------------------------------------------


def path(name: str) -> Path | None:
    """Where the master or rendition of this name is kept, or None for a name that is neither."""
    if _MASTER.fullmatch(name) or _RENDITION.fullmatch(name):
        return settings.MEDIA_ROOT / FOLDER / name
    return None


def store(name: str, master: bytes) -> None:
    """Keep a master and its renditions. What is there already stays: the same name is the same photograph."""
    if not path(name).exists():
        _write(path(name), master)
    _complete(Photo.named(name))


def complete_all() -> None:
    """Make the renditions that are missing, as after a restored backup or when the site needs new sizes."""
    for file in sorted((settings.MEDIA_ROOT / FOLDER).glob("*.jpg")):
        if photo := Photo.named(file.name):
            try:
                _complete(photo)
            except OSError:
                # One damaged file must not keep the site from starting; its page shows the words instead.
                log.exception("No renditions of %s", photo.name)


def _complete(photo: Photo) -> None:
    files = {(width, kind): path(photo.rendition(width, kind)) for width in photo.widths for kind in OPTIONS}
    missing = [(key, file) for key, file in files.items() if not file.exists()]
    if not missing:
        return
    with Image.open(path(photo.name), formats=["JPEG"]) as master:
        for (width, kind), file in missing:
            size = width, max(1, round(width * photo.height / photo.width))
            _write(file, _encoded(master.resize(size, Image.Resampling.LANCZOS), OPTIONS[kind]))


def _write(file: Path, data: bytes) -> None:
    """Write a file at once or not at all: browsers keep for a year what they are given."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{secrets.token_hex(8)}")
    draft.write_bytes(data)
    draft.replace(file)


# -- Fields ------------------------------------------------------------------------------------------


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Puts uploads on disk, and of a file that is too large no more than `prepare` needs to refuse it.

    The file remembers its true size, so that the form can be shown again with every other answer and a reason.
    """

    def receive_data_chunk(self, raw_data, start):
        if start <= MAX_BYTES:
            super().receive_data_chunk(raw_data, start)


class PhotographFormField(forms.FileField):
    """Takes a photograph and hands on its master."""

    def to_python(self, data):
        if data in self.empty_values:
            return None
        master = prepare(data)
        return ContentFile(master, name_for(data.name, master))

    def widget_attrs(self, widget):
        return {"accept": ",".join(f"image/{one.lower()}" for one in MAX_PIXELS)}


class PhotographFile(ImageFieldFile):
    def save(self, name, content, save=True):
        # Not through the storage, which would find a second name for a file that is there already.
        master_name, master = master_of(content, name)
        store(master_name, master)
        self.name = f"{self.field.upload_to}{master_name}"
        setattr(self.instance, self.field.attname, self.name)
        self._committed = True
        if save:
            self.instance.save()


class PhotographField(models.ImageField):
    """The name of a master. Saving an upload makes the master and its renditions; no file is ever deleted."""

    attr_class = PhotographFile

    def validate(self, value, model_instance):
        super().validate(value, model_instance)
        if Photo.named(value.name.rpartition("/")[2]) is None:
            raise ValidationError(f"“{value}” is not a photograph that was stored here. Upload it once more.")

    def formfield(self, **kwargs):
        return super().formfield(**{"form_class": PhotographFormField} | kwargs)
