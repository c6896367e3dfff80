"""Cookies of ours. `__Host-`: no other host can set them, and they travel encrypted or to this machine alone."""

from typing import Final
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from db.tables.identities import SessionKind

SESSION: Final = "__Host-session"
MINI_APP: Final = "__Host-mini-app"
LANGUAGE: Final = "__Host-language"
LOGIN: Final = "__Host-login"  # what this browser asked the bot
LETTER: Final = "__Host-letter"  # where this browser had a letter sent
DEVICE: Final = "__Host-device"
"""By which a browser is known next time. It lets nobody in."""
MOST_ADDRESS: Final = 254  # characters
REMEMBERED: Final = 31 * 24 * 3600  # seconds
IN_TELEGRAM: Final = 24 * 3600  # seconds; as long as the session lives that nobody uses
ASKS: Final = 15 * 60  # seconds; longer than a question to the bot lives
DEVICE_KEPT: Final = 400 * 24 * 3600  # seconds, as long as browsers keep any

_NAMES: Final = {SessionKind.BROWSER: SESSION, SessionKind.MINI_APP: MINI_APP}
_IN_FRAME: Final = "SameSite=None; Partitioned"  # a frame of another site is sent no other cookie
_AT_TOP: Final = "SameSite=Lax"


def session_tokens(request: Request) -> list[str]:
    """Those that the browser shows; within Telegram its own first."""
    return [token for name in (MINI_APP, SESSION) if (token := request.cookies.get(name))]


def keep_session(response: Response, kind: SessionKind, token: str, *, remember: bool) -> None:
    """Until the browser is closed, or, to be remembered, for as long as the session lives. Telegram closes its browser
    with each frame."""
    seconds = REMEMBERED if remember else IN_TELEGRAM if kind is SessionKind.MINI_APP else None
    set_cookie(response, _NAMES[kind], token, seconds=seconds, framed=_framed(kind))


def drop_sessions(response: Response) -> None:
    for kind, name in _NAMES.items():
        set_cookie(response, name, "", seconds=0, framed=_framed(kind))


def keep_login(response: Response, token: str, browser_secret: str) -> None:
    """The bot is asked; the answer is for this browser."""
    set_cookie(response, LOGIN, f"{token}.{browser_secret}", seconds=ASKS)


def drop_login(response: Response) -> None:
    set_cookie(response, LOGIN, "", seconds=0)


def asked_login(request: Request) -> tuple[str, str]:
    """Token and secret; what no cookie bears is empty."""
    token, _, browser_secret = request.cookies.get(LOGIN, "").partition(".")
    return token, browser_secret


def keep_address(response: Response, address: str) -> None:
    """For the page that says where the letter went: addresses of pages stand in logs."""
    set_cookie(response, LETTER, quote(address[:MOST_ADDRESS]), seconds=ASKS)


def kept_address(request: Request) -> str:
    return unquote(request.cookies.get(LETTER, ""))[:MOST_ADDRESS]


def set_cookie(response: Response, name: str, value: str, *, seconds: int | None, framed: bool = False) -> None:
    """By hand: Starlette knows `Partitioned` from Python 3.14 on."""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    where = _IN_FRAME if framed else _AT_TOP
    response.headers.append("set-cookie", f"{name}={value}; Path=/; Secure; HttpOnly; {where}{age}")


def _framed(kind: SessionKind) -> bool:
    return kind is SessionKind.MINI_APP
