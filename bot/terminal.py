"""What the process writes to its terminal, without secrets: prints, tracebacks, warnings of libraries."""

import io
import sys
from typing import TextIO

from services.redaction import redact


class Redacted(io.TextIOWrapper):
    """Writes to another stream's bytes, which stay that one's to close. A secret in two pieces would get through:
    nobody writes one so."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._before = stream  # with its last reference it would close the bytes
        super().__init__(
            stream.buffer,
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )

    def write(self, text: str, /) -> int:
        super().write(redact(text))
        return len(text)

    def close(self) -> None:
        if not self.buffer.closed:
            self.flush()


def redact_terminal() -> None:
    """From here on; once is enough."""
    sys.stdout, sys.stderr = _redacted(sys.stdout), _redacted(sys.stderr)


def _redacted(stream: TextIO) -> TextIO:
    if isinstance(stream, Redacted) or not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    return Redacted(stream)
