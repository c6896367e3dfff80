"""What every request to the AI provider has in common: who may ask, the faults it meets, refusals."""

import asyncio
from typing import Any, Final, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

from sandbox.openai.server import ChatFault, OpenAIServer
from sandbox.openai.wire import BODIES, ERRORS

HANG_SECONDS: Final = 120.0


class Lines(Protocol):
    def is_open(self, scope: Scope) -> bool: ...

    def cut(self, scope: Scope) -> None: ...


class Cut(Exception):
    """The connection is to be cut, or is gone."""


class OneRequest:
    def __init__(self, server: OpenAIServer, request: Request, lines: Lines) -> None:
        self._server, self._request, self._lines = server, request, lines

    def _next_fault(self) -> tuple[ChatFault | None, float | None]:
        fault = self._server.next_fault()
        return (None, None) if fault is None else (fault.kind, fault.retry_after)

    def _asked_wrongly(self, model: Any, known: str) -> Response | None:  # Any: JSON
        """By whoever has no key, or of a model that is not here."""
        if not may(self._request, self._server):
            return fault_response("401")
        if model != known:
            return error_response(404, f"The model `{model}` does not exist, or is not for you.", "model_not_found")
        return None

    async def _pause(self, seconds: float) -> None:
        """Real time passes; the panel ends a longer pause. Who is gone is waited for no longer."""
        waited = 0.0
        while waited < seconds:
            step = min(0.2, seconds - waited)
            await asyncio.sleep(step)
            waited += step
            if not self._lines.is_open(self._request.scope):
                raise Cut


def may(request: Request, server: OpenAIServer) -> bool:
    return server.settings.key is None or request.headers.get("authorization") == f"Bearer {server.settings.key}"


def spoiled_whole(fault: ChatFault | None, after: float | None) -> Response | None:
    """What comes instead of any answer."""
    if fault is not None and (fault in ERRORS or fault in BODIES):
        return fault_response(fault, after)
    if fault == "html":
        return HTMLResponse("<html><title>Sign in</title></html>")
    if fault == "error_200":
        return JSONResponse({"error": {"message": "Provider returned error", "code": 502}})
    return None


def fault_response(kind: str, after: float | None = None) -> Response:
    status, body = BODIES[kind] if kind in BODIES else (ERRORS[kind][0], {"error": ERRORS[kind][1]})
    headers = {} if after is None else {"Retry-After": f"{after:g}"}
    return JSONResponse(body, status_code=status, headers=headers)


def error_response(status: int, message: str, code: str | None = None) -> Response:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    return JSONResponse(body, status_code=status)
