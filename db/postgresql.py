"""What the address of a PostgreSQL database says to its two drivers: asyncpg runs the shop, psycopg migrates it.

An address has libpq's words, as hosting services give them. psycopg takes them as they are, asyncpg some of them, each
in another place; what is not understood is refused here, by name."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlencode

from sqlalchemy import URL

PORT: Final = 5432
YES, NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
CHOICES: Final = {
    "sslmode": SSL_MODES,
    "channel_binding": ("disable", "prefer", "require"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
}
TLS_WORDS: Final[tuple[str, ...]] = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl")
SERVER_WORDS: Final[tuple[str, ...]] = ("application_name", "options")
PLACE_WORDS: Final = ("host", "port", "user", "password", "dbname")
OWN_WORDS: Final = ("ssl", "pgbouncer")
WORDS: Final = frozenset({*CHOICES, *TLS_WORDS, *SERVER_WORDS, *PLACE_WORDS, *OWN_WORDS, "connect_timeout"})


class BadAddress(ValueError):
    """An address that cannot be understood. The text goes after the name of the setting and holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """What each driver's `connect` takes by name."""

    asyncpg: dict[str, Any]
    psycopg: dict[str, Any]


def with_hosts_aside(text: str) -> str:
    """`//one:5432,two:5432/shop` names several servers as libpq reads it; SQLAlchemy wants them in the query."""
    several = re.fullmatch(r"([a-z0-9+]+://(?:[^@]*@)?)([^/?@,]*,[^/?@]*)([^?]*)(?:\?(.*))?", text, re.DOTALL)
    if several is None:
        return text
    front, hosts, path, query = several.groups()
    return f"{front}{path}?{urlencode({'host': hosts})}{f'&{query}' if query else ''}"


def drivers_of(url: URL) -> Drivers:
    """Raises `BadAddress`."""
    words = _words(url.query)
    place = _place(url, words)
    return Drivers(asyncpg=_for_asyncpg(words, place), psycopg=_for_psycopg(words, place))


def _words(query: Mapping[str, tuple[str, ...] | str]) -> dict[str, str]:
    """Checked; a demand for TLS is always `sslmode`."""
    words: dict[str, str] = {}
    for name, value in query.items():
        if name not in WORDS:
            shown = name if re.fullmatch(r"[\w.-]{1,40}", name) else "there"
            raise BadAddress(f"has a parameter that is not supported: {shown}; docs/operator.md lists those that are")
        if not isinstance(value, str) and name != "host":
            raise BadAddress(f"names {name} twice")
        words[name] = value if isinstance(value, str) else ",".join(value)
    if "ssl" in words:
        mode = _mode_of(words.pop("ssl"))
        if words.setdefault("sslmode", mode) != mode:
            raise BadAddress("says one thing in ssl and another in sslmode")
    for name in words.keys() & CHOICES.keys():
        if words[name] not in CHOICES[name]:
            raise BadAddress(f"needs another {name}: one of {', '.join(CHOICES[name])}")
    if not re.fullmatch(r"\d{1,4}", words.get("connect_timeout", "10"), re.ASCII):
        raise BadAddress("needs whole seconds in connect_timeout")
    return words


def _mode_of(ssl_word: str) -> str:
    """`ssl=` is what drivers of other languages write."""
    word = ssl_word.lower()
    if word in YES | NO:
        return "require" if word in YES else "disable"
    if word not in SSL_MODES:
        raise BadAddress(f"needs another ssl: true, false or one of {', '.join(SSL_MODES)}")
    return word


def _place(url: URL, words: dict[str, str]) -> dict[str, Any]:
    """`host` and `port` are lists of equal length, empty for the machine's own socket."""
    spots = [_spot(spot) for spot in words.get("host", "").split(",") if spot]
    if not spots and url.host:
        spots = [(unquote(url.host), url.port)]
    given = [_port(part) for part in words.get("port", "").split(",") if part] or [url.port or PORT]
    if len(given) not in (1, len(spots)) and spots:
        raise BadAddress("has not as many ports as hosts")
    ports = given if len(given) == len(spots) else given[:1] * len(spots)
    return {
        "host": [host for host, _ in spots],
        "port": [own or port for (_, own), port in zip(spots, ports, strict=True)],
        "user": words.get("user", url.username),
        "password": words.get("password", None if url.password is None else str(url.password)),
        "dbname": words.get("dbname", url.database or None),
    }


def _spot(text: str) -> tuple[str, int | None]:
    """`host`, `host:port`, `[::1]:port`, `::1` or the folder of a socket."""
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]+))(?::(.*))?", text)
    if found is None:
        return text, None
    return found[1] or found[2], _port(found[3]) if found[3] else None


def _port(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not 0 < int(text) < 65536:
        raise BadAddress("needs a port from 1 to 65535")
    return int(text)


def _for_psycopg(words: dict[str, str], place: dict[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {name: value for name, value in words.items() if name not in (*PLACE_WORDS, *OWN_WORDS)}
    arguments |= {name: place[name] for name in ("user", "password", "dbname") if place[name] is not None}
    if place["host"]:
        arguments |= {name: ",".join(map(str, place[name])) for name in ("host", "port")}
    if _pooled(words):
        arguments["prepare_threshold"] = None
    return arguments


def _for_asyncpg(words: dict[str, str], place: dict[str, Any]) -> dict[str, Any]:
    """asyncpg reads the files that TLS needs in an address only; it knows no channel binding."""
    arguments: dict[str, Any] = {name: place[name] for name in ("user", "password") if place[name] is not None}
    if place["dbname"] is not None:
        arguments["database"] = place["dbname"]
    if place["host"]:
        arguments |= {"host": place["host"], "port": place["port"]}
    tls = {name: words[name] for name in TLS_WORDS if name in words}
    if tls.get("sslrootcert") == "system":  # newer than asyncpg's own words; libpq means by it all of verify-full
        arguments["ssl"] = ssl.create_default_context()
    elif tls:
        arguments["dsn"] = f"postgresql://?{urlencode(tls)}"
    if settings := {name: words[name] for name in SERVER_WORDS if name in words}:
        arguments["server_settings"] = settings
    if "target_session_attrs" in words:
        arguments["target_session_attrs"] = words["target_session_attrs"]
    if "connect_timeout" in words:
        arguments["timeout"] = float(words["connect_timeout"]) or None  # 0 is for ever
    return arguments | (UNPREPARED if _pooled(words) else {})


def _unnamed() -> str:
    return ""


# Behind PgBouncer's transaction mode the next statement may go to another connection of the server: one that knows none
# of the names given before, or has somebody else's. Unnamed ones are sent whole each time.
UNPREPARED: Final = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": _unnamed,
}


def _pooled(words: dict[str, str]) -> bool:
    word = words.get("pgbouncer", "false").lower()
    if word not in YES | NO:
        raise BadAddress("needs true or false in pgbouncer")
    return word in YES
