"""The server that takes our letters and the address that they come from, as settings name them."""

import re
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit

from services.hosts import is_here

WRONG: Final = (
    "is a mail server's address such as smtps://user:password@smtp.example.com:465: smtps, or smtp for STARTTLS,"
    " always with a port, with % codes for signs such as @ and / in user and password"
)
WRONG_SENDER: Final = "is an address that letters come from, such as shop@example.com or The shop <shop@example.com>"
LONGEST: Final = 255  # of a user or a password


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """`tls`: from the first byte on; else STARTTLS where the server offers it. `user` and `password` are empty where it
    asks for none; nothing that is printed has them."""

    host: str
    port: int
    tls: bool
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'smtps' if self.tls else 'smtp'}://{host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """On this machine: what goes there nobody reads on the way."""
        return is_here(self.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSender:
    """`name`: the shop's, as mailboxes show it."""

    address: str
    name: str = "Kassandra"

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def parse_server(text: str) -> SmtpServer:
    """`smtp[s]://[user:password@]host:port`, % codes in user and password. Raises ValueError, without a value in it."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        port = None
    if not port or parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError(WRONG)
    if parts.path.strip("/") or parts.query or parts.fragment or re.search(r"\s", parts.netloc):
        raise ValueError(WRONG)
    if not parts.hostname.isascii():
        raise ValueError("has a host that is not written in Latin letters; write it as xn--…")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError("has a user without a password or a password without a user")
    if not all(len(each) <= LONGEST and each.isascii() and each.isprintable() for each in (user, password)):
        raise ValueError(f"has a user or a password that is not up to {LONGEST} Latin letters, digits and signs")
    if port == 465 and parts.scheme == "smtp":
        raise ValueError("names port 465, which speaks TLS from the first byte on: write smtps:// before it")
    if port in (25, 587) and parts.scheme == "smtps":
        raise ValueError(f"names port {port}, which begins without TLS: write smtp:// before it, STARTTLS follows")
    return SmtpServer(host=parts.hostname, port=port, tls=parts.scheme == "smtps", user=user, password=password)


def parse_sender(text: str) -> MailSender:
    """`address` or `name <address>`. Raises ValueError, without a value in it."""
    from email_validator import EmailNotValidError, validate_email  # 5 MB, of commands that write to nobody too

    name, address = parseaddr(text.strip())
    if not name.isprintable():
        raise ValueError(WRONG_SENDER)
    try:
        checked = validate_email(
            address, check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
        )
    except EmailNotValidError as error:
        raise ValueError(WRONG_SENDER) from error
    ascii_address = checked.ascii_email
    assert ascii_address is not None  # no SMTPUTF8, so there is one
    return MailSender(address=ascii_address, name=name) if name else MailSender(address=ascii_address)
