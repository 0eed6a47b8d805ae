"""Find a Chromium for the browser tests, or install one, or say what is needed. Prints its path.

Browser tests are never skipped: without a browser this ends with an error, and so does `make test`.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 600  # seconds for a download


def find() -> str | None:
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def install() -> None:
    """Try the system's package first, which brings the libraries a browser needs, then Playwright's download."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        attempts[:0] = [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
    for command in attempts:
        if find():
            return
        print(f"No Chromium on this machine. Trying: {' '.join(command)}", flush=True)
        try:
            subprocess.run(command, check=False, timeout=PATIENCE, stdout=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            print("That took too long.")


def main() -> int:
    if not find():
        install()
    if path := find():
        print(f"Browser tests use {path}")
        return 0
    print(
        "The tests need Chromium and could not install it. Install Chromium or Chrome with this machine's package "
        "manager, or set CHROMIUM to the path of its program. Then run 'make test' again.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
