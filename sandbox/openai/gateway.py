"""`/openai/<bot>/v1/…`: models, chat completions, plain and streamed, and transcriptions."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.openai.answers import Reply, prompt_tokens, reply_to
from sandbox.openai.listening import Listening
from sandbox.openai.one_request import (
    HANG_SECONDS,
    Cut,
    Lines,
    OneRequest,
    error_response,
    fault_response,
    may,
    spoiled_whole,
)
from sandbox.openai.server import AWAY, MODEL, ChatFault, OpenAIServer, OpenAIServers
from sandbox.openai.wire import ENDS, chunk, completion, event, usage

PREFIX: Final = "/openai/"
_PATH: Final = re.compile(r"/openai/(\d+)/v1/(models|chat/completions|audio/transcriptions)/?")
SLOW_SECONDS: Final = 0.25
DEFAULT_LIMIT: Final = 512


class OpenAIGateway:
    def __init__(self, servers: OpenAIServers, lines: Lines) -> None:
        self._servers, self._lines = servers, lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _PATH.fullmatch(scope["path"])
        if found is None:
            await error_response(404, "There is nothing here.")(scope, receive, send)
            return
        server, request = self._servers.of(int(found[1])), Request(scope, receive)
        try:
            if found[2] == "models":
                await _models(request, server)(scope, receive, send)
            elif found[2] == "audio/transcriptions":
                await Listening(server, request, self._lines).answer(send)
            else:
                await Call(server, request, self._lines).answer(send)
        except (Cut, ClientDisconnect):
            self._lines.cut(scope)


def _models(request: Request, server: OpenAIServer) -> Response:
    if not may(request, server):
        return fault_response("401")
    if server.standing is not None and server.standing.kind in AWAY:
        return fault_response(server.standing.kind, server.standing.retry_after)
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "sandbox"}
    return JSONResponse({"object": "list", "data": [model | {"context_length": server.settings.context}]})


class Call(OneRequest):
    """One request for an answer."""

    def __init__(self, server: OpenAIServer, request: Request, lines: Lines) -> None:
        super().__init__(server, request, lines)
        self._number, self._created = server.next_id(), int(server.clock.now())

    async def answer(self, send: Send) -> None:
        scope, receive = self._request.scope, self._request.receive
        try:
            given = await self._given()
        except ValueError as error:
            await error_response(400, str(error))(scope, receive, send)
            return
        fault, after = self._next_fault()
        entry = {**{key: value for key, value in given.items() if key != "messages"}, "messages": given["messages"]}
        self._server.calls.append({**entry, "fault": fault})
        if fault == "no_stream_options" and "stream_options" not in given:
            fault = None
        if fault in {"hang", "cut_before"}:
            await self._pause(HANG_SECONDS if fault == "hang" else 0.0)
            raise Cut
        if (refused := self._refused(given, fault, after)) is not None:
            await refused(scope, receive, send)
            return
        reply = reply_to(given["messages"], _limit(given))
        if fault == "empty":
            reply = Reply(pieces=(), finish="stop", prompt_tokens=reply.prompt_tokens)
        if not given.get("stream") or fault == "plain_json":
            used = usage(reply, fault, self._server.settings.dialect)
            await JSONResponse(completion(self._number, self._created, reply, used))(scope, receive, send)
            return
        await self._stream(reply, fault, given, send)

    def _refused(self, given: Mapping[str, Any], fault: ChatFault | None, after: float | None) -> Response | None:
        wrong = self._asked_wrongly(given.get("model"), MODEL) or spoiled_whole(fault, after)
        if wrong is not None:
            return wrong
        if prompt_tokens(given["messages"]) > self._server.settings.context:
            return fault_response("context")
        return None

    async def _stream(self, reply: Reply, fault: ChatFault | None, given: Mapping[str, Any], send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        self._server.open += 1
        try:
            async for part in self._parts(reply, fault, given):
                if not self._lines.is_open(self._request.scope):
                    raise Cut
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._server.open -= 1

    async def _parts(self, reply: Reply, fault: ChatFault | None, given: Mapping[str, Any]) -> AsyncIterator[bytes]:
        for part in self._opening():
            yield part
        if fault in {"comments", "reasoning"}:
            async for part in self._wordless(reply, fault):
                yield part
            return
        async for part in self._words(reply, fault):
            yield part
        if fault in ENDS:
            async for part in self._spoiled(fault):
                yield part
            return
        while fault == "endless":
            yield self._piece("on and on ")
            await asyncio.sleep(0)
        yield chunk(self._number, self._created, {}, reply.finish)
        for part in self._ending(reply, fault, given):
            yield part

    def _piece(self, text: str) -> bytes:
        return chunk(self._number, self._created, {"content": text})

    def _opening(self) -> list[bytes]:
        dialect = self._server.settings.dialect
        first = chunk(
            self._number, self._created, {"role": "assistant", "content": "" if dialect == "openai" else None}
        )
        return [b": OPENROUTER PROCESSING\n\n", first] if dialect == "openrouter" else [first]

    async def _wordless(self, reply: Reply, fault: ChatFault) -> AsyncIterator[bytes]:
        """Comments without an end, or a model that only thinks, until its limit."""
        while fault == "comments":
            yield b": keep-alive\n\n"
            await self._pause(0.2)
        for _ in reply.pieces:
            yield chunk(self._number, self._created, {"reasoning_content": "hm "})
        yield chunk(self._number, self._created, {}, "length")
        yield b"data: [DONE]\n\n"

    async def _words(self, reply: Reply, fault: ChatFault | None) -> AsyncIterator[bytes]:
        """Of one that is spoiled half-way, the first half."""
        pieces = reply.pieces[: len(reply.pieces) // 2] if fault in ENDS else reply.pieces
        if fault == "bad_utf8":
            yield self._piece("@@").replace(b"@@", b"\xff\xfe")
        pace = SLOW_SECONDS if reply.slow else self._server.settings.pace
        for piece in pieces:
            if fault == "drip":
                for one in self._piece(piece):
                    yield bytes([one])
                    await self._pause(60.0)
            yield self._piece(piece)
            if pace:
                await self._pause(pace)

    def _ending(self, reply: Reply, fault: ChatFault | None, given: Mapping[str, Any]) -> list[bytes]:
        """Usage, as the dialect tells it."""
        dialect, used = self._server.settings.dialect, usage(reply, fault, self._server.settings.dialect)
        asked = bool((given.get("stream_options") or {}).get("include_usage")) or dialect == "openrouter"
        end = [b"data: [DONE]\n\n"]
        if used is None or not asked:
            return end
        delta: dict[str, Any] | None = {} if dialect == "gateway" else None
        return [chunk(self._number, self._created, delta, used=used), *end]

    async def _spoiled(self, fault: ChatFault | None) -> AsyncIterator[bytes]:
        """How a stream ends that does not come to its end."""
        if fault == "malformed":
            yield b'data: {"id": "chatcmpl-1", "choices": [{"delta": {"con\n\n'
        elif fault == "error_in_stream":
            yield event({"error": {"message": "The server had an error.", "type": "server_error", "code": None}})
        elif fault == "error_chunk":
            choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
            yield event({"choices": [choice], "error": {"code": 502, "message": "Provider disconnected"}})
        elif fault == "stall":
            await self._pause(HANG_SECONDS)
            raise Cut
        elif fault == "cut":
            raise Cut

    async def _given(self) -> dict[str, Any]:  # Any: JSON
        """Raises ValueError with the words of a refusal."""
        try:
            given: dict[str, Any] = await self._request.json()
        except ValueError:
            raise ValueError("We could not parse the JSON body of your request.") from None
        messages = given.get("messages") if isinstance(given, dict) else None
        if not isinstance(messages, list) or not messages or not all(isinstance(each, dict) for each in messages):
            raise ValueError("'messages' must be an array of messages, with one at least.")
        if _limit(given) < 1:
            raise ValueError("Invalid value for the limit of tokens: a positive integer is expected.")
        return given


def _limit(given: Mapping[str, Any]) -> int:  # Any: JSON
    """How many tokens the answer may have; 0 where what was told is no number."""
    told = next((given[name] for name in ("max_tokens", "max_completion_tokens") if given.get(name) is not None), None)
    return DEFAULT_LIMIT if told is None else told if type(told) is int else 0
