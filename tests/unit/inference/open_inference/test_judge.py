"""What servers say, word for word as they were heard, and what the shop makes of it."""

import pytest

from services.inference.errors import ModelBroken, RunFailed, ServerAway
from services.inference.runtimes.open_inference.judge import complaint, judge

REFUSED, AGAIN = (RunFailed, False), (RunFailed, True)
HEARD = [
    (400, b'{"error":"Model version not ready"}', ServerAway),
    (400, b'{"error":"Request for unknown model: \'x\' has no available versions"}', ServerAway),
    (404, b'{"error":"Request for unknown model: \'x\' is not found"}', ServerAway),
    (400, b'{"error":"Model iris is not ready"}', ServerAway),
    (500, b'{"error":"the model iris is still loading"}', ServerAway),
    (503, b"upstream connect error or disconnect/reset before headers", ServerAway),
    (200, b"<html><title>Sign in</title></html>", ServerAway),
    (302, b"", ServerAway),
    (500, b"{\"error\":\"unexpected shape for input 'x' for model 'm'. Expected [-1,4], got [1,3]\"}", REFUSED),
    (500, b'{"error":"Unable to parse \'data\': attempt to access JSON non-number"}', REFUSED),
    (400, b'{"error":"inference request batch-size must be <= 64"}', REFUSED),
    (400, b'{"error":"failed loading the picture of input \'photo\': cannot decode it"}', REFUSED),
    (400, b'{"error":"input \'photo\' is not found"}', REFUSED),
    (422, b'{"detail":[{"type":"missing","loc":["body","inputs"],"msg":"Field required"}]}', REFUSED),
    (400, b"", REFUSED),
    (413, b"<html><h1>413 Request Entity Too Large</h1></html>", REFUSED),
    (500, b'{"error":"Worker process stopped unexpectedly with exit code 9."}', AGAIN),
    (500, b"Internal Server Error", AGAIN),
    (500, b'{"error":"CUDA out of memory. Tried to allocate 2.00 GiB"}', AGAIN),
    (429, b'{"error":"too many requests"}', AGAIN),
    (401, b"Unauthorized", ModelBroken),
    (403, b"", ModelBroken),
    (501, b'{"error":"Model versioning not supported"}', ModelBroken),
]


@pytest.mark.parametrize(("status", "raw", "kind"), HEARD, ids=[f"{status} {raw[:40]!r}" for status, raw, _ in HEARD])
def test_judgement(status: int, raw: bytes, kind: type | tuple[type, bool]) -> None:
    error = judge(status, raw)
    if isinstance(kind, tuple):
        assert isinstance(error, RunFailed)
        assert (type(error), error.retryable) == kind
    else:
        assert type(error) is kind
    assert f"HTTP {status}" in str(error)


def test_complaints_are_one_line() -> None:
    assert (
        complaint(b'Traceback (most recent call last):\n  File "/srv/app.py"\nValueError: wrong') == "ValueError: wrong"
    )
    assert complaint(b'{"detail":"Not Found"}') == "Not Found"
    assert complaint(b'{"error":{"message":"a\\nb"}}') == "a b"
    assert complaint(b"<html><head><title>Sign in</title></head>") == "a web page: Sign in"
    assert complaint(b"\xff\xfe") != ""
    assert len(complaint(b"x" * 10_000)) == 300
