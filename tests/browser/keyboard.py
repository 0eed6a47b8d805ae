"""What people do who use no mouse."""

from tests.factories import code_now


def is_focused(page, target) -> bool:
    """Whether something has the focus: a locator, or what a selector fits."""
    if isinstance(target, str):
        return page.evaluate("selector => document.activeElement.matches(selector)", target)
    return target.evaluate("one => one === document.activeElement")


def tab_to(page, target) -> None:
    """Press Tab until something has the focus."""
    for _ in range(150):
        if is_focused(page, target):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The keyboard does not lead to {target} on {page.url}.")


def sign_in(page, username: str) -> None:
    """Come in with a password and the code that the app shows, which works once: one sign-in in one test."""
    tab_to(page, page.get_by_label("User name"))
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type("a long enough password")
    enter(page)
    tab_to(page, page.get_by_label("Code from your authenticator app"))
    page.keyboard.type(code_now())
    enter(page)


def enter(page) -> None:
    """Press Enter, and wait for the page that it leads to."""
    with page.expect_navigation():
        page.keyboard.press("Enter")
