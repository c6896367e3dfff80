"""What a request may look like before anybody reads it: h11, made strict.

By itself h11 bounds only a head whose end has not come, joins folded lines, and takes a length beside chunks: what a
proxy reads as one request could then be two for us (RFC 9112, sections 2.2, 5.2 and 6.3)."""

import re
from http import HTTPStatus

import h11

MAX_REQUEST_LINE = 8 * 1024  # bytes, as all sizes here
MAX_HEAD = 16 * 1024
MAX_HEADERS = 100

_END = re.compile(rb"\r?\n\r?\n")
_AMBIGUOUS = re.compile(rb"\n[ \t]|(?<!\r)\n|\r(?!\n)|\x00")  # folded lines, lines that end otherwise


class StrictConnection(h11.Connection):
    """`refusal` is the status that answers what could not be read; `streams`: events are told for as long as somebody
    listens."""

    refusal = HTTPStatus.BAD_REQUEST
    streams = False

    def send(self, event: h11.Event) -> bytes | None:  # type: ignore[override]  # h11 tells kinds apart by overloads
        if isinstance(event, h11.Response):
            self.streams = any(n == b"content-type" and v.startswith(b"text/event-stream") for n, v in event.headers)
        return super().send(event)

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Raises `h11.RemoteProtocolError`."""
        try:
            if self.their_state is h11.IDLE:
                _check_head(self.trailing_data[0])
            event = super().next_event()
            if isinstance(event, h11.Request):
                _check_framing(event)
        except h11.RemoteProtocolError as error:
            self.refusal = HTTPStatus(error.error_status_hint)
            raise
        return event


def _check_head(received: bytes) -> None:
    """`received` begins with a head, whole or not."""
    end = _END.search(received)
    head = received[: end.start()] if end else received
    if len(head.partition(b"\n")[0]) > MAX_REQUEST_LINE:
        raise _refused("the request line is too long", HTTPStatus.REQUEST_URI_TOO_LONG)
    if len(head) > MAX_HEAD or head.count(b"\n") > MAX_HEADERS:
        raise _refused("too many headers, or too long", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    if end and (_AMBIGUOUS.search(head) or end.group() != b"\r\n\r\n"):
        raise _refused("folded or badly ended lines")


def _check_framing(request: h11.Request) -> None:
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" in names and (b"content-length" in names or request.http_version != b"1.1"):
        raise _refused("it is not clear where the body ends")
    if request.http_version not in (b"1.0", b"1.1"):
        raise _refused("another version of HTTP", HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)


def _refused(why: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> h11.RemoteProtocolError:
    return h11.RemoteProtocolError(why, error_status_hint=status)
