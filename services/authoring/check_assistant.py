"""`kassandra models check` of an assistant: that its server is there, and what it says to one short message."""

import asyncio
import time
import zlib
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.authoring.assistants import context_told, located, name_at_server, names_in, told_of
from services.errors import ShopError
from services.inference.chat import ChatRequest, ChatRole, ChatRuntime, ChatTurn, StreamEnd, TextDelta
from services.inference.check_line import CheckLine
from services.inference.errors import ModelBroken, NothingHeard, ServerAway
from services.inference.loaded import AssistantModel, open_assistant
from services.inference.runtimes.chat.request_body import Json
from services.inference.runtimes.chat.spec import FEWEST_TOKENS, ChatSpec
from services.inference.runtimes.chat.system_prompt import filled_in
from services.inference.runtimes.registry import AssistantKind
from services.manifests.manifest import Manifest

QUESTION: Final = "Say hello in one short sentence."
MOST_SHOWN: Final = 100  # characters
# A second of silence as phones record it: Opus in Ogg.
SILENCE: Final = zlib.decompress(
    b64decode(
        "eNrzT08PZmBigAJGKN2Sc1OFUdi/oLTYIzUxhREo3LAbLOEPUs6ArByEFatWajGKg5SHJKYXswNF"
        "ihPzUpLyK+BaWKD6wcpB1r0MMT5mxEwy+PH/3yBEAEiZqnk="
    )
)


def check_assistant(kind: AssistantKind, manifest: Manifest, folder: Path) -> Iterator[CheckLine]:
    """Owns an event loop while it runs; the server is asked for one answer of at most 64 tokens, and to write down a
    second of silence where the manifest sells voice messages."""
    yield from asyncio.run(_check(kind, manifest, folder))


async def _check(kind: AssistantKind, manifest: Manifest, folder: Path) -> list[CheckLine]:
    spec = manifest.runtime
    assert isinstance(spec, ChatSpec)
    try:
        model = open_assistant(kind, manifest, folder)
    except ModelBroken as error:
        return [CheckLine(what="model", ok=False, detail=error.problem, fix=error.fix)]
    try:
        return await _lines(model, spec)
    finally:
        await model.runtime.close()


async def _lines(model: AssistantModel, spec: ChatSpec) -> list[CheckLine]:
    try:
        await model.check()
    except ModelBroken as error:
        return [CheckLine(what="server", ok=False, detail=error.problem, fix=error.fix)]
    except ServerAway as error:
        detail = f"{spec.url}: {error.problem}"
        return [CheckLine(what="server", ok=False, detail=detail, fix="Start it, or correct url")]
    try:
        url, models = await located(spec)
    except ShopError:  # it was there just now: its answer will tell
        url, models = spec.url, None
    if url != spec.url:
        detail = f"{spec.url} is there, but not what it is asked for"
        return [CheckLine(what="server", ok=False, detail=detail, fix=f'Write url = "{url}"')]
    here = CheckLine(what="server", ok=True, detail=f"{spec.url} is there")
    warnings = [*_model(spec, models or []), *_context(spec, models or [])]
    answer = await _answer(model.runtime, spec)
    heard = [await _hearing(model.runtime, spec)] if answer.ok and spec.transcription is not None else []
    return [here, *warnings, answer, *heard]


def _model(spec: ChatSpec, models: list[Json]) -> list[CheckLine]:
    """A warning where the server lists others only. Some answer for any name, some only for what they list."""
    told = told_of(models, spec.model)
    if not models or (told is not None and name_at_server(spec.model, told) == spec.model):
        return []
    detail = f'the server does not list "{spec.model}"'
    return [CheckLine(what="model", ok=True, detail=detail, fix=f"Write model as one of: {names_in(models)}")]


def _context(spec: ChatSpec, models: list[Json]) -> list[CheckLine]:
    """A warning where the server says that it reads less than the manifest promises."""
    told = context_told(told_of(models, spec.model) or {})
    if told is None or told >= spec.context:
        return []
    detail = f"the manifest says {spec.context} tokens, the server {told}"
    return [CheckLine(what="context", ok=True, detail=detail, fix=f"Write context = {told}")]


async def _answer(runtime: ChatRuntime, spec: ChatSpec) -> CheckLine:
    begun, first, text = time.perf_counter(), None, ""
    try:
        async for event in runtime.stream(_request(spec)):
            if isinstance(event, TextDelta):
                first = first or time.perf_counter() - begun
                text += event.text
            else:
                return _told(text, first or 0.0, event)
    except ShopError as error:
        problem, fix = getattr(error, "problem", str(error)), getattr(error, "fix", "") or "Try it again"
        return CheckLine(what="answer", ok=False, detail=problem, fix=fix)
    raise AssertionError("a stream ends with its end")


async def _hearing(runtime: ChatRuntime, spec: ChatSpec) -> CheckLine:
    """Some models hear words in silence; that they write anything down is enough."""
    begun, said = time.perf_counter(), ""
    try:
        said = await runtime.transcribe(SILENCE)
    except NothingHeard:
        pass
    except ShopError as error:
        problem = f'{getattr(error, "problem", "") or error} (transcription = "{spec.transcription}")'
        fix = "Correct transcription, or remove it: customers are then asked to write"
        return CheckLine(what="voice", ok=False, detail=" ".join(problem.split()), fix=fix)
    heard = f"“{_shortened(said)}”" if said else "nothing, as it is"
    seconds = time.perf_counter() - begun
    return CheckLine(
        what="voice", ok=True, detail=f"of a second of silence the server heard {heard}, in {seconds:.1f} s"
    )


def _request(spec: ChatSpec) -> ChatRequest:
    turns = [ChatTurn(role=ChatRole.USER, text=QUESTION)]
    if spec.system is not None:
        turns.insert(0, ChatTurn(role=ChatRole.SYSTEM, text=filled_in(spec.system.pick("en"), {})))
    return ChatRequest(turns=turns, max_tokens=FEWEST_TOKENS)


def _told(text: str, first: float, end: StreamEnd) -> CheckLine:
    told = f"“{_shortened(text)}” ({end.finish}), the first word after {first * 1000:.0f} ms"
    if end.usage is None:
        fix = "Answers will be counted by four bytes a token; see include_usage in docs/manifest.md"
        return CheckLine(what="answer", ok=True, detail=f"{told}; the server does not measure tokens", fix=fix)
    tokens = f"{end.usage.prompt} tokens in, {end.usage.completion} out, as the server measured"
    return CheckLine(what="answer", ok=True, detail=f"{told}; {tokens}")


def _shortened(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= MOST_SHOWN else f"{said[:MOST_SHOWN]}…"
