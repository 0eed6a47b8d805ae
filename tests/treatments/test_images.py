"""Photographs: what is refused, what is kept of an upload, and how patients come to see it."""

import contextlib
import io
import shutil
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from PIL import ExifTags, Image, ImageCms

from tests.factories import make_photograph
from treatments import images
from treatments.importing import import_content
from treatments.models import Picture, Version


def encoded(image: Image.Image, kind="JPEG", **options) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def prepared(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(images.prepare(io.BytesIO(data))))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_claims(width, height, more=b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("secret.txt", "a secret")
    return content.getvalue()


def stored_files() -> set[str]:
    return {file.name for file in (settings.MEDIA_ROOT / "pictures").glob("*")}


def same_color(found, wanted):
    return all(abs(one - other) < 12 for one, other in zip(found, wanted, strict=True))


# -- What is refused ---------------------------------------------------------------------------------

WHOLE = make_photograph(size=(900, 600), color="olive").read()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty. Choose the photograph once more"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not a JPEG, PNG or WebP"),
        (b"<!doctype html><script>alert(1)</script>", "not a JPEG, PNG or WebP"),
        (b"%PDF-1.7\n1 0 obj\n", "not a JPEG, PNG or WebP"),
        (b"GIF89a" + b"\0" * 40, "not a JPEG, PNG or WebP"),
        (encoded(Image.new("RGB", (9, 9)), "GIF"), "not a JPEG, PNG or WebP"),
        (encoded(Image.new("RGB", (9, 9)), "TIFF"), "not a JPEG, PNG or WebP"),
        (encoded(Image.new("RGB", (9, 9)), "AVIF"), "not a JPEG, PNG or WebP"),
        (zipped(), "not a JPEG, PNG or WebP"),
        (zipped() + WHOLE, "not a JPEG, PNG or WebP"),
        (WHOLE[: len(WHOLE) // 2], "damaged or cut off"),
        (encoded(Image.effect_noise((200, 200), 50), "PNG")[:9000], "damaged or cut off"),
        (encoded(Image.effect_noise((200, 200), 50), "WEBP")[:3000], "damaged or cut off"),
        (png_that_claims(300, 200), "damaged or cut off"),
        (png_that_claims(9, 9, chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(2**22)))), "damaged or cut off"),
        (WHOLE + b"\0" * images.MAX_BYTES, "10.0 MB, and at most 10 MB"),
        (png_that_claims(8000, 5001), "more than 40 megapixels"),
        (png_that_claims(50_000, 50_000), "more than 40 megapixels"),
        (encoded(Image.new("L", (4000, 3001)), "WEBP", method=0), "more than 12 megapixels"),
    ],
)
def test_refused_with_what_to_do(data, reason):
    start = time.monotonic()
    with pytest.raises(ValidationError) as refusal:
        images.prepare(io.BytesIO(data))
    assert time.monotonic() - start < 1  # second; a bomb is known by its header
    assert reason in refusal.value.message
    assert "try again" in refusal.value.message or "Choose" in refusal.value.message


def test_any_mistake_in_a_file_is_a_refusal():
    for kind in ("JPEG", "PNG", "WEBP"):
        whole = encoded(Image.effect_noise((60, 40), 50), kind)
        for place in range(0, len(whole), max(1, len(whole) // 150)):
            broken = bytearray(whole)
            broken[place] ^= 0xFF
            with contextlib.suppress(ValidationError):  # anything else would be a failure of the site
                images.prepare(io.BytesIO(bytes(broken)))


MEASURE = """
import re, sys, time
from pathlib import Path
from django.conf import settings
settings.configure()
from treatments import images
def used():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
with open(sys.argv[1], "rb") as file:
    before, start = used(), time.process_time()
    images.prepare(file)
    print((used() - before) / 1024, time.process_time() - start)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the memory of one program")
@pytest.mark.parametrize(("kind", "mode", "limit"), [("JPEG", "RGB", 150), ("PNG", "RGB", 210), ("PNG", "RGBA", 210)])
def test_the_largest_photograph_costs_little_memory_and_time(tmp_path, kind, mode, limit, record_property):
    large = tmp_path / "large"
    Image.new(mode, (8000, 5000), "olive").save(large, kind)
    run = [sys.executable, "-c", MEASURE, str(large)]
    megabytes, seconds = map(float, subprocess.check_output(run, cwd=settings.BASE_DIR).split())
    record_property("memory", f"{megabytes:.0f} MB")
    record_property("time", f"{seconds:.1f} s")
    assert megabytes < limit
    assert seconds < 4  # on a busy machine; half of it is usual


# -- What is kept ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_any_of_the_three_becomes_a_jpeg(kind):
    master = prepared(make_photograph(kind=kind, color=(30, 90, 150)).read())
    assert (master.format, master.mode, master.size) == ("JPEG", "RGB", (600, 400))
    assert same_color(master.getpixel((300, 200)), (30, 90, 150))


def test_a_large_photograph_is_made_smaller():
    assert prepared(make_photograph(size=(5200, 2600)).read()).size == (2400, 1200)
    assert prepared(make_photograph(size=(2600, 5200), kind="PNG").read()).size == (1200, 2400)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photograph_stands_upright_and_says_nothing_of_its_origin(kind, turn):
    # Red at the top left as it shall be seen; a camera stores it turned and says how.
    upright = Image.new("RGB", (640, 480), "white")
    upright.paste("red", (0, 0, 160, 120))
    backward = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = turn
    exif[ExifTags.Base.Model] = "Camera of somebody"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (40.0, 44.0, 55.0)
    taken = upright.transpose(backward[turn]) if turn > 1 else upright
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    hidden = {"comment": b"written by hand"} if kind == "JPEG" else {}
    data = encoded(taken, kind, exif=exif, icc_profile=profile, xmp=b"<x:xmpmeta>where</x:xmpmeta>", **hidden)
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(ExifTags.IFD.GPSInfo)

    master = images.prepare(io.BytesIO(data))
    image = Image.open(io.BytesIO(master))
    assert image.size == (640, 480)
    assert same_color(image.getpixel((60, 40)), (255, 0, 0))
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}
    for trace in (b"Exif", b"somebody", b"xmpmeta", b"ICC_PROFILE", b"by hand"):
        assert trace not in master


def test_what_hides_behind_the_picture_is_not_kept():
    for hidden in (b"<script>alert('hidden')</script>", zipped()):
        master = images.prepare(io.BytesIO(WHOLE + hidden))
        assert b"<script" not in master
        assert not zipfile.is_zipfile(io.BytesIO(master))


def test_transparency_becomes_white():
    image = Image.new("RGBA", (600, 400), (255, 0, 0, 0))
    image.paste((0, 0, 200, 255), (300, 0, 600, 400))
    for kind in ("PNG", "WEBP"):
        master = prepared(encoded(image, kind, lossless=True))
        assert same_color(master.getpixel((100, 200)), (255, 255, 255))
        assert same_color(master.getpixel((500, 200)), (0, 0, 200))
    palette = encoded(Image.new("P", (60, 40), 0), "PNG", transparency=0)
    assert same_color(prepared(palette).getpixel((30, 20)), (255, 255, 255))


def test_an_x_ray_of_sixteen_bits_keeps_its_grays():
    assert same_color(prepared(encoded(Image.new("I;16", (60, 40), 30_000), "PNG")).getpixel((30, 20)), (117,) * 3)


def test_a_moving_picture_stands_still_at_its_first_frame():
    frames = [Image.new("RGB", (60, 40), color) for color in ("red", "blue")]
    for kind in ("PNG", "WEBP"):
        master = prepared(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
        assert same_color(master.getpixel((30, 20)), (255, 0, 0))


def test_colors_of_another_space_are_converted():
    # A space in which red and green have changed places.
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"once").replace(b"gXYZ", b"rXYZ").replace(b"once", b"gXYZ")
    tagged = encoded(Image.new("RGB", (60, 40), (200, 40, 90)), quality=95, icc_profile=swapped)
    assert same_color(prepared(tagged).getpixel((30, 20)), (40, 200, 90))
    # A profile that does not fit, or is none, does no harm.
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (lab, b"no profile"):
        assert same_color(
            prepared(encoded(Image.new("L", (60, 40), 90), icc_profile=profile)).getpixel((9, 9)), (90,) * 3
        )


# -- Names and files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("upload", "stem"),
    [
        ("Knee, left side.JPG", "knee-left-side"),
        ("../../x.php.jpg", "x-php"),
        ("..\\..\\con.svg", "con"),
        ("Ωß.png", "photograph"),
        (".jpg", "jpg"),
        ("a" * 300 + ".jpg", "a" * 40),
        ("knee-3fa9c1d2e4b5-600x400.jpg", "knee"),
    ],
)
def test_a_name_tells_content_and_size(upload, stem):
    master = images.prepare(make_photograph())
    name = images.name_for(upload, master)
    proof = name.removeprefix(f"{stem}-").removesuffix("-600x400.jpg")
    assert len(proof) == 12
    assert set(proof) <= set("0123456789abcdef")
    photo = images.Photo.named(name)
    assert (photo.width, photo.height) == (600, 400)
    assert name != images.name_for(upload, images.prepare(make_photograph(color="black")))


@pytest.mark.parametrize(
    ("size", "widths"), [((2000, 1500), [480, 960, 1440]), ((700, 500), [480, 700]), ((90, 60), [90])]
)
def test_renditions_in_three_formats_never_wider_than_the_master(size, widths):
    master = images.prepare(make_photograph(size=size))
    name = images.name_for("room.jpg", master)
    images.store(name, master)
    found = {}
    for file in stored_files() - {name}:
        with Image.open(images.path(file)) as image:
            image.load()
            found.setdefault(image.format, []).append(image.width)
            assert abs(image.width / image.height - size[0] / size[1]) < 0.02
            assert not image.getexif()
    assert {kind: sorted(of_kind) for kind, of_kind in found.items()} == dict.fromkeys(["AVIF", "WEBP", "JPEG"], widths)
    assert {images.Photo.named(name).rendition(width, kind) for width in widths for kind in images.OPTIONS} | {
        name
    } == stored_files()


def test_a_stored_file_is_never_written_again():
    master = images.prepare(make_photograph())
    name = images.name_for("room.jpg", master)
    images.store(name, master)
    before = {file: images.path(file).stat().st_ino for file in stored_files()}
    images.store(name, master)
    images.complete_all()
    assert {file: images.path(file).stat().st_ino for file in stored_files()} == before


def test_missing_renditions_are_made_again_and_a_damaged_master_stops_nothing():
    names = []
    for color in ("red", "green"):
        master = images.prepare(make_photograph(color=color))
        names.append(images.name_for("room.jpg", master))
        images.store(names[-1], master)
    whole = stored_files()
    for file in whole - set(names):
        images.path(file).unlink()
    images.path(names[0]).write_bytes(b"damaged")
    images.complete_all()
    assert stored_files() == {file for file in whole if not file.startswith(names[0][:-4])} | {names[0]}


# -- The admin ---------------------------------------------------------------------------------------


def send(client, url, **changes):
    """Fill in the form that the page shows, and send it."""
    form = client.get(url).context["adminform"].form
    data = {field.html_name: field.value() for field in form if field.name != "image"}
    data = {name: value for name, value in data.items() if value not in (None, False)} | changes
    response = client.post(url, data | {"_save": "Save"})
    return response.context["adminform"].form.errors if response.status_code == 200 else None


ADD = "admin:treatments_picture_add"


def test_staff_upload_a_photograph(manager_client, db):
    upload = make_photograph("../Treatment Room.php.png", kind="PNG", size=(1000, 800))
    assert send(manager_client, reverse(ADD), slug="room", alt="A room.", focus="top left", image=upload) is None
    picture = Picture.objects.get(slug="room")
    assert picture.image.name.startswith("pictures/treatment-room-php-")
    assert picture.photo.widths == [480, 960, 1000]
    assert len(stored_files()) == 1 + 9
    version = Version.objects.of(picture).first()
    assert version.record["image"] == picture.photo.name

    change = reverse("admin:treatments_picture_change", args=[picture.pk])
    assert send(manager_client, change, alt="Another description.") is None
    picture.refresh_from_db()
    assert picture.photo.name == version.record["image"]

    # A new photograph has a new name, and the one that the earlier version names stays.
    assert send(manager_client, change, image=make_photograph("room.jpg", color="black")) is None
    picture.refresh_from_db()
    assert picture.photo.name != version.record["image"]
    assert {picture.photo.name, version.record["image"]} <= stored_files()


def test_names_and_types_that_a_browser_claims_count_for_nothing(manager_client, db):
    honest = make_photograph().read()
    upload = SimpleUploadedFile("room.html", honest, "text/html")
    assert send(manager_client, reverse(ADD), slug="room", alt="A room.", image=upload) is None
    assert Picture.objects.get(slug="room").photo.name.endswith("-600x400.jpg")
    upload = SimpleUploadedFile("photo.jpg", b"<script>alert(1)</script>", "image/jpeg")
    errors = send(manager_client, reverse(ADD), slug="page", alt="A page.", image=upload)
    assert "not a JPEG, PNG or WebP photograph" in errors["image"][0]
    assert not Picture.objects.filter(slug="page").exists()


def test_an_upload_cannot_pass_itself_off_as_a_master(manager_client, db):
    data = WHOLE + b"<script>alert('hidden')</script>"
    claimed = images.name_for("room.jpg", data)
    upload = SimpleUploadedFile(claimed, data, "image/jpeg")
    assert send(manager_client, reverse(ADD), slug="room", alt="A room.", image=upload) is None
    assert claimed not in stored_files()
    assert all(b"<script" not in images.path(file).read_bytes() for file in stored_files())


def test_a_photograph_is_described_or_decorative(manager_client, db):
    errors = send(manager_client, reverse(ADD), slug="room", image=make_photograph())
    assert "Describe the picture" in str(errors)
    errors = send(manager_client, reverse(ADD), slug="room", alt="A room.", drawing="prp", image=make_photograph())
    assert "one of the two" in str(errors)
    assert send(manager_client, reverse(ADD), slug="room", decorative="on", image=make_photograph()) is None


def test_a_file_that_is_too_large_is_refused_with_a_reason_and_not_kept(manager_client, db, monkeypatch):
    written = []
    original = images.CappedUploadHandler.file_complete

    def file_complete(self, size):
        written.append(self.file.tell())
        return original(self, size)

    monkeypatch.setattr(images.CappedUploadHandler, "file_complete", file_complete)
    upload = SimpleUploadedFile("room.jpg", WHOLE + b"\0" * 3 * images.MAX_BYTES, "image/jpeg")
    errors = send(manager_client, reverse(ADD), slug="room", alt="A room.", image=upload)
    assert "30.0 MB, and at most 10 MB are possible" in errors["image"][0]
    assert "alt" not in errors  # the other answers arrived
    assert images.MAX_BYTES <= written[0] < images.MAX_BYTES + 2**20
    assert stored_files() == set()


def test_code_cannot_store_what_was_not_prepared(db):
    picture = Picture(slug="room", alt="A room.")
    picture.image.save("room.jpg", ContentFile(WHOLE + b"<script>"), save=False)
    assert b"<script>" not in images.path(picture.photo.name).read_bytes()
    picture.full_clean()
    with pytest.raises(ValidationError):
        picture.image.save("room.svg", ContentFile(b"<svg/>"), save=False)


# -- Content files, pages and addresses --------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, db):
    """The shipped content, with a photograph instead of the drawing of one procedure and on one page."""
    folder = shutil.copytree(settings.CONTENT_DIR, tmp_path / "content")
    (folder / "images").mkdir(exist_ok=True)
    (folder / "images" / "Room 1.jpg").write_bytes(make_photograph(size=(1200, 800)).read())
    with (folder / "pictures.md").open("a") as file:
        file.write("\n---\n\nAddress: room\nImage: Room 1.jpg\nKeep in view: top left\nAlt: A room.\nDecorative: no\n")
    procedure = folder / "treatments" / "prp.md"
    procedure.write_text(procedure.read_text().replace("Picture: prp\n", "Picture: room\n"))
    page = folder / "pages" / "approach.md"
    page.write_text(page.read_text().replace("\nMenu:", "\nPicture: room\nMenu:", 1))
    return folder


def test_pages_show_a_photograph_in_every_size(page, folder):
    import_content(folder)
    photo = Picture.objects.get(slug="room").photo
    for url, later in (
        ("/treatments/regenerative/prp/", False),
        ("/approach/", False),
        ("/treatments/regenerative/", True),
    ):
        response = page(url).response
        html = response.content.decode()
        shown = html[html.index("<picture") : html.index("</picture>")]
        assert 'class="photo focus-top-left"' in shown
        for kind, width in (("avif", 480), ("avif", 1200), ("webp", 960), ("jpg", 480)):
            assert f"/media/pictures/{photo.rendition(width, kind)} {width}w" in shown
        assert shown.index('type="image/avif"') < shown.index('type="image/webp"') < shown.index("<img")
        assert 'width="1200" height="800" alt="A room."' in shown
        assert ('loading="lazy"' in shown) == later
        assert "sizes=" in shown
        assert response.client.get(photo.url).status_code == 200


def test_a_decorative_photograph_has_an_empty_description(page, folder):
    pictures = folder / "pictures.md"
    pictures.write_text(pictures.read_text().replace("Alt: A room.\nDecorative: no", "Decorative: yes"))
    import_content(folder)
    assert 'height="800" alt=""' in page("/approach/").response.content.decode()


def test_pages_are_shown_when_the_files_are_lost(client, page, folder):
    import_content(folder)
    shutil.rmtree(settings.MEDIA_ROOT)
    assert "<picture" in page("/approach/").response.content.decode()
    # The next import brings them back, also when only some are missing.
    import_content(folder)
    photo = Picture.objects.get(slug="room").photo
    assert client.get(photo.url).status_code == 200
    images.path(photo.rendition(480, "avif")).unlink()
    import_content(folder)
    assert images.path(photo.rendition(480, "avif")).exists()


def test_a_photograph_travels_through_files_unchanged(folder):
    assert import_content(folder).created == 1
    name = Picture.objects.get(slug="room").photo.name
    assert name.startswith("room-1-")
    assert import_content(folder).updated == 0
    call_command("export_content", folder, stdout=io.StringIO())
    assert f"Image: {name}\n" in (folder / "pictures.md").read_text()
    assert (folder / "images" / name).read_bytes() == images.path(name).read_bytes()
    assert (import_content(folder).created, import_content(folder).updated) == (0, 0)
    # Another photograph under the same name is a change, whether the name carries a proof or not.
    (folder / "images" / name).write_bytes(make_photograph(color="black").read())
    assert import_content(folder).updated == 1
    other = Picture.objects.get(slug="room").photo.name
    assert other.startswith("room-1-")
    assert other != name


def test_another_photograph_under_the_same_plain_name_is_a_change(folder):
    import_content(folder)
    before = Picture.objects.get(slug="room").photo.name
    (folder / "images" / "Room 1.jpg").write_bytes(make_photograph(size=(1200, 800), color="black").read())
    assert import_content(folder).updated == 1
    after = Picture.objects.get(slug="room").photo.name
    assert before != after
    assert {before, after} <= stored_files()


def test_addresses_of_photographs(client, db):
    master = images.prepare(make_photograph())
    name = images.name_for("room.jpg", master)
    images.store(name, master)
    photo = images.Photo.named(name)
    for file, kind in (
        (name, "image/jpeg"),
        (photo.rendition(480, "avif"), "image/avif"),
        (photo.rendition(480, "webp"), "image/webp"),
        (photo.rendition(600, "jpg"), "image/jpeg"),
    ):
        response = client.get(f"/media/pictures/{file}")
        assert response.status_code == 200
        assert response.headers["Content-Type"] == kind
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.content == images.path(file).read_bytes()
    folder = settings.MEDIA_ROOT / "pictures"
    (folder / "notes.html").write_text("<script>alert(1)</script>")
    (settings.MEDIA_ROOT / name).write_bytes(master)
    for path in (
        "notes.html",
        "",
        photo.rendition(481, "jpg"),
        photo.rendition(480, "gif"),
        f"{name}%00.jpg",
        f"{name}%0A",
        f"../{name}",
        f"..%2f{name}",
        f"..%5c{name}",
        f".%2f{name}",
        name.upper(),
    ):
        assert client.get(f"/media/pictures/{path}").status_code == 404, path
    assert client.post(f"/media/pictures/{name}").status_code == 405
