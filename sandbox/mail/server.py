"""SMTP on a port of its own: takes any letter by any login, or does what a mail server does on a bad day."""

import asyncio
import logging
import socket
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.clock import Clock
from sandbox.mail.faults import REFUSALS
from sandbox.mail.mailbox import Mailboxes

logging.getLogger("mail.log").setLevel(logging.ERROR)  # the library warns of what it does itself at each login
MAX_LETTER_BYTES = 10 * 1024 * 1024


class MailServer:
    def __init__(self, boxes: Mailboxes, clock: Clock, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._boxes = boxes
        self._clock = clock
        self._listener = listener
        self._open: set[asyncio.Transport] = set()
        self._server: asyncio.Server

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(self._connection, sock=self._listener)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for transport in list(self._open):
            transport.abort()
        await self._server.wait_closed()

    def _connection(self) -> SMTP:
        return _Connection(
            _Conversation(self._boxes, self._clock),
            opened=self._open,
            hostname="sandbox",
            ident="sandbox",
            loop=asyncio.get_running_loop(),
            data_size_limit=MAX_LETTER_BYTES,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=_anybody,
        )


class _Connection(SMTP):
    def __init__(self, conversation: "_Conversation", *, opened: set[asyncio.Transport], **settings: Any) -> None:
        # Any: settings of several types, those of the base
        super().__init__(conversation, **settings)
        self._opened = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._opened.add(cast(asyncio.Transport, transport))  # uvloop's is one in all but its class

    def connection_lost(self, error: Exception | None) -> None:
        self._opened.difference_update([self.transport])
        super().connection_lost(error)


def _anybody(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: object) -> AuthResult:
    return AuthResult(success=True, auth_data=login)


class _Conversation:
    """What one client is answered."""

    def __init__(self, boxes: Mailboxes, clock: Clock) -> None:
        self._boxes = boxes
        self._clock = clock
        self._is_cut_after = False

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        fault = self._boxes.of_login(_login_of(session)).faults.take(address.lower())
        if fault is not None and fault.kind in REFUSALS:
            return REFUSALS[fault.kind]
        if fault is not None and fault.kind == "hang":
            await self._clock.sleep(fault.seconds)
            await _cut(server)
        if fault is not None and fault.kind == "drop":
            await _cut(server)
        self._is_cut_after = fault is not None and fault.kind == "drop_after"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        login = _login_of(session)
        content = envelope.content
        assert isinstance(content, bytes)
        letter = self._boxes.of_login(login).put(
            content, sender=envelope.mail_from or "", to=tuple(envelope.rcpt_tos), login=login
        )
        if self._is_cut_after:
            await _cut(server)
        return f"250 2.0.0 Taken as {letter.n}"


async def _cut(server: SMTP) -> None:
    """Never returns: the library ends what is under way when the connection is lost."""
    cast(asyncio.Transport, server.transport).abort()
    await asyncio.get_running_loop().create_future()


def _login_of(session: Session) -> str | None:
    told = session.auth_data
    return told.login.decode("utf-8", "replace") if isinstance(told, LoginPassword) else None
