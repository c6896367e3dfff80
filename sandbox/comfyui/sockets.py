"""Open websockets by client id. A second one with the same id takes all messages over; the first is silent for good."""

from collections.abc import Iterator

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from sandbox.comfyui.wire import JsonObject


class Sockets:
    def __init__(self) -> None:
        self._open: dict[str, WebSocket] = {}
        self._all: set[WebSocket] = set()

    def add(self, client_id: str, socket: WebSocket) -> None:
        self._open[client_id] = socket
        self._all.add(socket)

    def remove(self, client_id: str, socket: WebSocket) -> None:
        """Whichever of that id closes, nobody gets its messages any more."""
        self._open.pop(client_id, None)
        self._all.discard(socket)

    def silence(self) -> int:
        """As if others had connected with the same ids."""
        count = len(self._open)
        self._open.clear()
        return count

    async def send(self, kind: str, data: JsonObject, client_id: str | None) -> None:
        """To that client alone; with no id to all."""
        for socket in list(self._to(client_id)):
            await _sent(socket, {"type": kind, "data": data})

    def _to(self, client_id: str | None) -> Iterator[WebSocket]:
        if client_id is None:
            yield from self._open.values()
        elif (socket := self._open.get(client_id)) is not None:
            yield socket

    async def close(self) -> None:
        for socket in list(self._all):
            if socket.application_state is WebSocketState.CONNECTED:
                try:
                    await socket.close(1001)
                except (RuntimeError, WebSocketDisconnect):  # it was closing by itself
                    continue


async def _sent(socket: WebSocket, message: JsonObject) -> None:
    if socket.application_state is not WebSocketState.CONNECTED:
        return
    try:
        await socket.send_json(message)
    except (RuntimeError, WebSocketDisconnect, OSError):  # closed meanwhile
        return
