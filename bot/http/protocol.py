"""uvicorn's HTTP, with an end to everything: somebody will open the port without a proxy before it."""

import asyncio
import logging
from collections.abc import Hashable, Sequence
from http import HTTPStatus
from typing import Any, Literal

import h11
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from bot.http.head import StrictConnection
from bot.http.limits import SPARE, ConnectionSlots, Limits, RefusalLog
from web.kit.forwarded import parse_address
from web.kit.senders import Network

Stage = Literal["head", "body", "leftover", "answer", "closing"]
"""What a connection waits for where somebody else may let it wait for ever; each has its limit."""

_errors_only = logging.getLogger("uvicorn.error.protocol")  # a line for each odd request is told by the log of refusals
_errors_only.setLevel(logging.ERROR)


class GuardedConfig(uvicorn.Config):
    """uvicorn's, with what its connections share."""

    def __init__(self, app: FastAPI, *, limits: Limits, trusted: Sequence[Network], grace: int) -> None:
        super().__init__(
            app,
            http=GuardedProtocol,
            ws="none",
            log_config=None,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=limits.idle,
            timeout_graceful_shutdown=grace,
        )
        self.limits = limits
        self.slots = ConnectionSlots(limits, trusted)
        self.refusals = RefusalLog()
        self.spares: dict[GuardedProtocol, None] = {}  # in the order in which they came


class GuardedProtocol(H11Protocol):
    """One connection. `look` is called some times a second and ends what has waited too long."""

    conn: StrictConnection

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: as uvicorn has it
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        assert isinstance(config, GuardedConfig)
        super().__init__(config, server_state, app_state, _loop)
        self.conn = StrictConnection(h11.SERVER)
        self.logger = _errors_only
        self._guard = config
        self._places: tuple[Hashable, ...] = ()
        self._waits: tuple[Stage | None, object, int] = (None, None, 0)
        self._pieces = 0  # of bodies, that came
        self._since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._places = self._guard.slots.enter(parse_address(self.client[0] if self.client else None))
        if SPARE in self._places:
            self._take_spare_place()
        elif not self._places:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "full")

    def connection_lost(self, exc: Exception | None) -> None:
        self._guard.slots.leave(self._places)
        self._guard.spares.pop(self, None)
        self._places = ()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """What comes after the last request is not looked at."""
        self._pieces += self.conn.their_state is h11.SEND_BODY
        if self.conn.their_state not in (h11.MUST_CLOSE, h11.CLOSED, h11.ERROR):
            super().data_received(data)

    def shutdown(self) -> None:
        """The server stops: it waits for answers, but for none that has no end."""
        if self.conn.streams and self.cycle is not None and not self.cycle.response_complete:
            self.transport.close()
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """uvicorn comes here with all that h11 cannot read."""
        self._refuse(self.conn.refusal, "malformed")

    def look(self, now: float) -> None:
        stage = self._stage()  # of another request it is another wait, and so it is when some of a body came
        waits = stage, self.cycle, self._pieces if stage == "body" else 0
        if waits != self._waits:
            self._waits, self._since = waits, now
        elif stage is not None and now - self._since >= getattr(self._guard.limits, stage):
            self._end(stage)

    def _take_spare_place(self) -> None:
        """There is always one: whoever has waited longest without a request makes room."""
        self.app = _only_health(self.app)
        spares = self._guard.spares
        waiting = [each for each in spares if each._stage() in ("head", "closing")]
        for each in waiting[: max(0, len(spares) + 1 - self._guard.limits.spare)]:
            del spares[each]
            each._note("full")
            each.transport.abort()
        spares[self] = None

    def _stage(self) -> Stage | None:
        if self.transport.is_closing():
            return "closing"
        if self.flow.write_paused:
            return "answer"
        if self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None:
            return "head"
        if self.conn.their_state is h11.SEND_BODY and self.cycle.response_complete:
            return "leftover"
        if self.conn.their_state is h11.SEND_BODY and not self.flow.read_paused:
            return "body"
        return None

    def _end(self, stage: Stage) -> None:
        if stage == "body" or (stage == "head" and self.conn.trailing_data[0]):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "slow")
            return
        if stage != "closing":
            self._note("slow")
        if stage in ("head", "leftover"):
            self.transport.close()
        else:
            self.transport.abort()

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        """Answer where an answer can still be given, and close."""
        self._note(reason)
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [("content-length", "0"), ("connection", "close")]  # no words: it may answer a HEAD
            answer = h11.Response(status_code=status, headers=headers, reason=status.phrase)
            self.transport.write((self.conn.send(answer) or b"") + (self.conn.send(h11.EndOfMessage()) or b""))
        if self.cycle is not None and not self.cycle.response_complete:  # whoever works on it has nobody to answer
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _note(self, reason: str) -> None:
        self._guard.refusals.add(reason, self.client[0] if self.client else None)


def _only_health(app: Any) -> Any:  # Any: uvicorn's word for an ASGI application is private
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        full = PlainTextResponse("full", status_code=503, headers={"Connection": "close"})
        await (app if scope["path"] == "/healthz" else full)(scope, receive, send)

    return answer
