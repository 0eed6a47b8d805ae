"""Files for a spreadsheet program: what is in a cell is shown, and never run."""

import csv
from collections.abc import Iterable

from django.http import StreamingHttpResponse

from treatments import phone

STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, also in the wide form of East Asian keyboards."""
ROWS_AT_ONCE = 200


def safe(value) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe before it keeps it text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(STARTS_FORMULA) else text


def phone_cell(number: str) -> str:
    """Return a phone number as people read it. The plus before the code of a country would start a formula."""
    shown = phone.display(number)
    if not shown.startswith("+"):
        return shown
    code, _, rest = shown.partition(" ")
    return f"({code}) {rest}".rstrip()


def download(name: str, headings: Iterable, rows: Iterable[Iterable]) -> StreamingHttpResponse:
    """Return an answer that is saved as a file and kept nowhere else. Rows are written as they come, never all at once.

    The mark at the beginning tells Excel that it is UTF-8, so that names keep their accents.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(_lines(headings, rows), content_type="text/csv; charset=utf-8", headers=headers)


class _Echo:
    """What the csv module writes to: it hands each line on."""

    @staticmethod
    def write(line):
        return line


def _lines(headings, rows):
    writer, lines = csv.writer(_Echo(), quoting=csv.QUOTE_ALL), []
    lines.append("\ufeff" + writer.writerow(map(safe, headings)))
    for row in rows:
        lines.append(writer.writerow(map(safe, row)))
        if len(lines) == ROWS_AT_ONCE:
            yield "".join(lines)
            lines = []
    yield "".join(lines)
