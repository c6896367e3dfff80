"""What a browser calls itself, in words that its owner may recognise."""

from typing import Final

from i18n.translator import Translator
from services.errors import N_

MOST: Final = 40
UNKNOWN: Final = N_("Unknown device")
# The first that is found; names of those that pretend to be others stand before them.
PROGRAMS: Final = (
    ("YaBrowser/", "Яндекс Браузер"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Telegram", "Telegram"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_name(agent: str, tr: Translator) -> str:
    """Plain text, such as `Chrome, Android`; of a program of other kinds its name, such as `curl/8.5`."""
    found = [name for names in (PROGRAMS, SYSTEMS) if (name := _first(agent, names))]
    if found:
        return ", ".join(found)
    said = "".join(c for c in agent.split(" ", maxsplit=1)[0] if c.isprintable())[:MOST]
    return said or tr.gettext(UNKNOWN)


def _first(agent: str, names: tuple[tuple[str, str], ...]) -> str | None:
    return next((name for sign, name in names if sign in agent), None)
