"""A mail server in the test's event loop, which a test may make unkind."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from mail.server import SmtpServer

USER, PASSWORD = "shop@example.com", "right-password"
Answer = str | None  # None: the connection is cut; "": nothing is said, ever


@dataclass
class MailServer:
    """`on_sender`, `on_recipient` and `on_letter`: what is answered next, one by one; else all is taken. `closes`: the
    connection after each letter."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    on_sender: list[Answer] = field(default_factory=list)
    on_recipient: list[Answer] = field(default_factory=list)
    on_letter: list[Answer] = field(default_factory=list)
    on_taken: Callable[[], object] = lambda: None
    connections: int = 0
    logins: list[str] = field(default_factory=list)
    open: list[asyncio.Transport] = field(default_factory=list)

    def cut_all(self) -> None:
        for transport in self.open:
            transport.abort()
        self.open.clear()

    async def handle_MAIL(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.on_sender:
            return await self._say(self.on_sender.pop(0), server)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.recipients.append(address)
        if self.on_recipient and (answer := self.on_recipient.pop(0)) != "250":
            return await self._say(answer, server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.on_letter and (answer := self.on_letter.pop(0)) != "250":
            return await self._say(answer, server)
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append(message_from_bytes(content, policy=policy.default))
        self.on_taken()
        return "250 taken"

    async def _say(self, answer: Answer, server: SMTP) -> str:
        if answer:
            return answer
        if answer is None:
            cast(asyncio.Transport, server.transport).abort()
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    def login(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, shown: Any) -> AuthResult:
        """`shown`: whatever the mechanism knows, hence Any."""
        assert isinstance(shown, LoginPassword)
        self.logins.append(shown.login.decode())
        return AuthResult(success=(shown.login.decode(), shown.password.decode()) == (USER, PASSWORD), handled=False)

    def connected(self, transport: asyncio.BaseTransport) -> None:
        self.connections += 1
        self.open.append(cast(asyncio.Transport, transport))

    def named(self, *, tls: bool = False, user: str = "", password: str = "", host: str = "127.0.0.1") -> SmtpServer:
        return SmtpServer(host=host, port=self.port, tls=tls, user=user, password=password)


class _Connection(SMTP):
    def __init__(self, server: MailServer, **settings: Any) -> None:  # Any: settings of several types, of the base
        super().__init__(server, **settings)
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._server.connected(transport)


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, auth: bool = False
) -> AsyncIterator[MailServer]:
    """`tls`: from the first byte on."""
    loop, server = asyncio.get_running_loop(), MailServer()
    login = {
        "auth_required": starttls is not None,
        "auth_require_tls": starttls is not None,
        "authenticator": server.login,
    }
    listening = await loop.create_server(
        lambda: _Connection(
            server,
            loop=loop,
            hostname="mail.test",
            tls_context=starttls,
            enable_SMTPUTF8=True,
            **(login if auth else {}),
        ),
        "127.0.0.1",
        0,
        ssl=tls,
    )
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        server.cut_all()
        await listening.wait_closed()
