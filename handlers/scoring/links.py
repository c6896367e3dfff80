"""A link in the place of a table: nothing is fetched from addresses that people send."""

import re
from typing import Final

from i18n.translator import Html, Translator

_LINK: Final = re.compile(r"(?:https?://|docs\.google\.com/)\S+", re.IGNORECASE)
_SHEET: Final = re.compile(r"docs\.google\.com/spreadsheets/|(?:disk|docs)\.yandex\.\w+/", re.IGNORECASE)


def is_link(text: str | None) -> bool:
    return _LINK.search(text or "") is not None


def is_sheet_link(text: str | None) -> bool:
    """Of an online table."""
    return _SHEET.search(text or "") is not None


def file_wanted(text: str | None, tr: Translator) -> Html:
    """What to do instead."""
    if is_link(text):
        return tr.html(
            "⚠️ Links are not opened here. Save the table as a file (in Google Sheets: File → Download →"
            " Microsoft Excel) and send the file."
        )
    return tr.html("⚠️ A file is expected here: CSV or Excel.")
