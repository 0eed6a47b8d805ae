"""What people do who use no mouse."""


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
