"""However a network cuts an answer into pieces, the text is the same."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inference.chat import TokenUsage
from services.inference.errors import InferenceError, StreamCut
from services.inference.runtimes.chat.chunks import AT_ONCE, objects_in
from services.inference.runtimes.chat.connection import events_in
from services.inference.runtimes.chat.reading import AnswerReading
from tests.unit.inference.chat.server import DONE, counted, data, delta

BETWEEN = st.sampled_from([b"", b": OPENROUTER PROCESSING\n\n", b":\n\n", b"event: message\n", b"retry: 3\n\n"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1)


async def received(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def read(pieces: list[bytes]) -> tuple[str, TokenUsage | None]:
    reading, text = AnswerReading(max_tokens=4_096), ""
    async for chunk in objects_in(received(pieces), events_in, max_tokens=4_096):
        text += reading.take(chunk)
    rest, end = reading.end()
    return text + rest, end.usage


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    at = sorted({place % (len(stream) + 1) for place in places})
    return [stream[a:b] for a, b in zip([0, *at], [*at, len(stream)], strict=True)]


@given(
    texts=st.lists(TEXTS, min_size=1),
    between=st.lists(BETWEEN, min_size=1),
    ends=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    places=st.lists(st.integers(min_value=0), max_size=40),
)
async def test_any_cut_gives_the_same_text(
    texts: list[str], between: list[bytes], ends: bytes, places: list[int]
) -> None:
    chunks = [between[i % len(between)] + delta(text) for i, text in enumerate(texts)]
    stream = b"".join([*chunks, delta(finish="stop"), counted(), DONE]).replace(b"\n", ends)
    assert await read(cut(stream, places)) == ("".join(texts), TokenUsage(prompt=12, completion=3))


@given(text=TEXTS, size=st.integers(1, 7))
async def test_characters_may_be_cut_into_chunks_of_their_halves(text: str, size: int) -> None:
    """Some servers count UTF-16 units, and write each as an escape."""
    units = text.encode("utf-16-le")
    parts = [units[i : i + 2 * size].decode("utf-16-le", "surrogatepass") for i in range(0, len(units), 2 * size)]
    chunks = [data(json.dumps({"choices": [{"delta": {"content": part}}]})) for part in parts]
    stream = b"".join([*chunks, delta(finish="stop"), counted(), DONE])
    assert (await read([stream]))[0] == text


@given(st.binary(max_size=400), st.sampled_from([b"", b"data: ", b"{", b'data: {"choices": [{"delta": {"content": "x']))
async def test_no_bytes_are_more_than_an_error_of_ours(noise: bytes, begin: bytes) -> None:
    try:
        text, _ = await read([begin, noise])
        text.encode()
    except InferenceError:
        pass


@pytest.mark.parametrize("event", [b"data:\n\n", b"\n", b": x\n", data({"choices": []}), b"data: {}\n"])
async def test_a_flood_of_nothing_lets_others_run(event: bytes) -> None:
    """All that came at once is not read at once, or an answer of a few bytes an event would hold up the shop."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    flood = event * (65_536 // len(event)) + b"\n\n"
    async with asyncio.TaskGroup() as tasks:
        beside = tasks.create_task(others())
        if event == b"data: {}\n":  # one event of many lines, which is no JSON
            with pytest.raises(StreamCut):
                await read([flood, delta("Hello"), delta(finish="stop"), DONE])
        else:
            assert await read([flood, delta("Hello"), delta(finish="stop"), DONE]) == ("Hello", None)
        beside.cancel()
    assert turns >= 65_536 // AT_ONCE - 1
