"""The page on which a browser waits for the bot, as a test reads it."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx


def number_on(page: httpx.Response) -> str:
    found = re.search(r'class="big-number">(\d\d)<', page.text)
    assert found, page.text
    return found[1]


def link_on(page: httpx.Response) -> str:
    """To the bot."""
    found = re.search(r'class="button" href="([^"]+\?start=[^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


def start_of(link: str) -> str:
    """What Telegram sends in the name of who follows it and presses Start."""
    return f"/start {parse_qs(urlsplit(link).query)['start'][0]}"
