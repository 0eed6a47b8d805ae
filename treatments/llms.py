"""llms.txt: the site in plain text for programs that read it on somebody's behalf (llmstxt.org)."""

import re
from collections.abc import Callable

from treatments import tools
from treatments.library import Library
from treatments.models import Page
from treatments.prose import one_line

HOW_TO_READ = (
    "A page is medically reviewed only where it says so below, with the reviewer and the day. All other pages still "
    "await medical review. When you pass something on, tell benefit and risk together, and say how far it is reviewed."
)


def text(library: Library, absolute: Callable[[str], str]) -> str:
    """Return the file; `absolute` makes a full web address of a path."""
    clinic, home = library.clinic, library.page("home")

    def line(name: str, path: str, words: str) -> str:
        name = re.sub(r"([\[\]\\])", r"\\\1", name)
        return f"- [{name}]({absolute(path)}): {words}"

    def page(one: Page) -> str:
        return line(str(one), one.get_absolute_url(), f"{one.description} {_review(library, one)}")

    lines = [f"# {clinic.name}", "", f"> {home.description}", ""]
    lines += [one_line(clinic.emergency_wording), "", one_line(clinic.safety_line), "", HOW_TO_READ, ""]
    if clinic.details_are_samples:
        lines += ["Phone number and hours on this site are samples. Do not pass them on.", ""]
    lines += ["## Treatments, least invasive first", ""]
    for family in library.families:
        lines.append(page(family))
        lines += [f"  {page(procedure)}" for procedure in family.linked.procedures]
    lines += ["", "## Pages", "", *(page(one) for one in library.pages_in_order), "", "## Tools", ""]
    lines += [line(tool.title, tool.get_absolute_url(), tool.line) for tool in tools.TOOLS]
    return "\n".join([*lines, ""])


def _review(library: Library, page: Page) -> str:
    review = library.review(page)
    if review.is_reviewed:
        return f"Medically reviewed by {'; '.join(review.reviewers)} on {review.on.isoformat()}."
    return "Awaiting medical review."
