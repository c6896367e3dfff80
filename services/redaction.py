"""Tokens, keys and passwords that nobody may ever read: one filter for the log, the terminal, the chat and what is
kept beside an error.

`redact` knows two kinds. What *looks* like a secret goes wherever it stands: a bot's token, user and password of an
address, a `password=`, the `token=` of a link, a header of authorization, a key of our own API. What *is* one was
handed to `hide…` when the settings were read, and goes in every spelling that a library may give it: percent-encoded,
escaped for JSON, Python or HTML, base64."""

import re
from base64 import b64encode
from collections.abc import Iterable
from html import escape
from urllib.parse import unquote

MASK = "***"
SHORTEST = 4
"""Less cannot be told from ordinary text: such a password is hidden in addresses only."""
SHORT = 8
"""Less is hidden only where it is a word of its own."""

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-"
_SHAPES = (
    (re.compile(r"/bot\d+(?::|%3A)[^/\s'\"<>]+", re.IGNORECASE), "/bot" + MASK),
    (re.compile(rf"(?<!\d)\d{{5,}}(?::|%3A)(?!{_UUID})[A-Za-z0-9_-]{{20,}}", re.IGNORECASE), MASK),
    (re.compile(r"(?<=://)[^/?#\s'\"<>]*@"), MASK + "@"),
    (re.compile(r"\b((?:ssl)?password=)(?:'[^']*'|\"[^\"]*\"|(?:[^&\s'\",;)<]|<(?!/))+)", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\b(token(?:=|%3D))[A-Za-z0-9_-]{20,}", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"(authorization\W{1,6}(?:basic|bearer)\s+)[A-Za-z0-9+/=._~-]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\b(ksd_)[0-9A-Za-z]{16,}"), rf"\1{MASK}"),
    (re.compile(r"\b(whsec_)[0-9A-Za-z+/=]{16,}"), rf"\1{MASK}"),
)
_known: set[str] = set()
_pattern: re.Pattern[str] | None = None


def hide(*secrets: str) -> None:
    """From now on `redact` takes these out, too."""
    new = {secret for secret in secrets if len(secret) >= SHORTEST} - _known
    if new:
        _known.update(new)
        _compile()


def hide_login(user: str, secret: str) -> None:
    """The secret, and both as HTTP's basic authorization writes them."""
    if secret:
        hide(secret, b64encode(f"{user}:{secret}".encode()).decode())


def hide_password(address: str) -> None:
    """The password of an address that may have one. If nobody can read the address, its pieces: errors quote them."""
    start, _, rest = address.rpartition("://")
    login, _, host = rest.rpartition("@")
    user, _, password = login.partition(":")
    public = {start, unquote(user), *re.split(r"[/?:]", host)}  # a password that is one of these words hides nothing
    hide(*({password, *re.split(r"[@/?#]", password)} - public))
    if unquote(password) not in public:
        hide_login(unquote(user), unquote(password))
    for each in re.findall(r"[?&](?:ssl)?password=([^&#]+)", address):
        hide(each, unquote(each))


def redact(text: str) -> str:
    """The text without secrets."""
    if _pattern is not None:
        text = _pattern.sub(MASK, text)
    for shape, mask in _SHAPES:
        text = shape.sub(mask, text)
    return text


def _compile() -> None:
    global _pattern  # noqa: PLW0603 - one filter for the process, as there is one log and one terminal
    longest_first = sorted(_known, key=lambda each: (-len(each), each))
    _pattern = re.compile("|".join(_spellings(longest_first)))


def _spellings(secrets: Iterable[str]) -> Iterable[str]:
    for secret in secrets:
        pattern = "".join(_ways(char) for char in secret)
        yield rf"(?<![^\W_]){pattern}(?![^\W_])" if len(secret) < SHORT else pattern


def _ways(char: str) -> str:
    """One character in every spelling, also of what was spelled already: an error within an error is escaped twice."""
    if char.isascii() and (char.isalnum() or char in "_-"):
        return char
    plain = r"\\+" if char == "\\" else r"\\*" + re.escape(char)
    percent = "".join(f"%(?:25)*{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
    codes = char.encode("utf-16-be", "surrogatepass")
    units = "".join(rf"\\+u{codes[i : i + 2].hex()}" for i in range(0, len(codes), 2))
    ways = [f"(?i:{percent}|{units}|\\\\+x{ord(char):02x})", plain]
    if (entity := escape(char)) != char:
        ways.insert(0, r"\\*&(?:amp;)*" + re.escape(entity[1:]))
    if char == " ":
        ways.append(r"\+")
    return f"(?:{'|'.join(ways)})"
