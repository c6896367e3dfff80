"""The proxy that a connection goes through, as it stands in a setting."""

from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

SCHEMES = frozenset({"http", "https", "socks5", "socks5h"})
WRONG = (
    "is a proxy's address such as socks5://proxy.example:1080: http, https, socks5 or socks5h, always with a port,"
    " before the host user:password@ where it asks for them, with % codes for signs such as @ and /"
)
LONGEST = 255  # of a user or a password in SOCKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """`user` and `password` are empty where it asks for none; nothing that is printed has them."""

    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.scheme}://{self._place}"

    @property
    def is_socks(self) -> bool:
        return self.scheme.startswith("socks")

    @property
    def url(self) -> str:
        """With user and password. Names are looked up where the proxy is: that is what the h in socks5h says."""
        scheme = "socks5h" if self.is_socks else self.scheme
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"{scheme}://{login}{self._place}"

    @property
    def _place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_proxy(text: str) -> Proxy:
    """`scheme://[user:password@]host:port`, % codes in user and password. Raises ValueError, without a value in it."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        port = None
    if port is None or parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError(WRONG)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(WRONG)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError("has a user without a password or a password without a user")
    if not all(len(each) <= LONGEST and each.isascii() and each.isprintable() for each in (user, password)):
        raise ValueError(f"has a user or a password that is not up to {LONGEST} Latin letters, digits and signs")
    if ":" in user:
        raise ValueError("has a colon in the user's name, which no proxy can read")
    return Proxy(scheme=parts.scheme, host=parts.hostname, port=port, user=user, password=password)


def way(proxy: Proxy | None) -> str:
    """How a connection goes, in words."""
    return "directly" if proxy is None else f"through {proxy}"
