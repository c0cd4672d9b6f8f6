"""A headless Chromium that is installed on this machine; it is never downloaded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES: Final = (
    *("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def chromium_path() -> str | None:
    """Return the Chromium of this machine; None when it has none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator["Browser"]:
    """Yield a browser of its own.

    Raises:
        LookupError: there is no Chromium.
    """
    # Takes a tenth of a second to import.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    path = chromium_path()
    if path is None:
        raise LookupError(f"no Chromium on this machine: none of {', '.join(NAMES)}")
    with sync_playwright() as playwright:
        # Containers and root have no sandbox; nothing but our own file is opened.
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()
