"""A first manifest of an assistant, from what its server says of its models."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from services.authoring.drafting import Draft, head_of
from services.authoring.notes import Entry, Note
from services.authoring.toml import manifest_toml
from services.errors import ShopError
from services.inference.errors import ModelBroken, ServerAway
from services.inference.runtimes.chat.judge import judge
from services.inference.runtimes.chat.request_body import Json
from services.inference.runtimes.chat.spec import ChatSpec
from services.manifests.complaints import explain

ASKING_SECONDS: Final = 10.0
USUAL_CONTEXT: Final = 8_192  # tokens
USUAL_ANSWER: Final = 1_024
_CONTEXTS: Final = ("context_length", "max_model_len", "context_window", "max_context_length", "n_ctx", "n_ctx_train")
_SILENT: Final = frozenset({404, 405, 501})  # a server that lists no models
_VERSION: Final = "/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantAt:
    """Where it is. `key` and `headers` as a manifest has them: names of variables."""

    url: str
    model: str
    key: str | None = None
    headers: Mapping[str, str]

    @property
    def runtime(self) -> Entry:
        told: Entry = {"kind": "chat", "url": self.url.rstrip("/"), "model": self.model}
        told |= {"key": self.key} if self.key is not None else {}
        return told | ({"headers": dict(self.headers)} if self.headers else {})


def draft_assistant(place: AssistantAt, folder: Path) -> Draft:
    """Owns an event loop while it runs. Raises ModelBroken with what stands in the way, ServerAway."""
    spec = _spec({**place.runtime, "context": USUAL_CONTEXT})
    url, models = asyncio.run(located(spec))
    told = told_of(models or [], place.model)
    if told is None and models:
        raise ModelBroken(problem=f'the server has no model "{place.model}"', fix=f"Name one of: {names_in(models)}")
    model = name_at_server(place.model, told)
    context = context_told(told or {})
    notes = [*_notes_of_url(spec, url, models), *_notes(place.model, model, context)]
    runtime = place.runtime | {"url": url, "model": model, "context": context or USUAL_CONTEXT}
    runtime["max_answer"] = min(USUAL_ANSWER, runtime["context"] // 4)
    _spec(runtime)
    head = head_of(folder, place.model.rpartition("/")[2], runtime)
    return Draft(toml=manifest_toml({**head, "icon": "💬"}, notes), files={}, notes=notes)


async def located(spec: ChatSpec) -> tuple[str, list[Json] | None]:
    """The url where the server lists its models, which may be below the one that was told; and what `listed` says."""
    models = await listed(spec)
    below = spec.url + _VERSION
    if models is None and not spec.url.endswith(_VERSION):
        with suppress(ShopError):
            if (found := await listed(spec.model_copy(update={"url": below}))) is not None:
                return below, found
    return spec.url, models


async def listed(spec: ChatSpec) -> list[Json] | None:
    """What the server says of each of its models; None where it does not tell. Raises ModelBroken, ServerAway."""
    from services.inference.runtimes.chat.connection import ChatConnection, HttpRefusal

    try:
        headers = spec.sent_headers()
    except KeyError as error:
        raise ModelBroken(problem=f"the variable {error.args[0]} is not set", fix="Set it here as well") from None
    connection = ChatConnection(spec.url, headers)
    try:
        async with asyncio.timeout(ASKING_SECONDS):
            answer = await connection.models()
    except TimeoutError:
        raise ServerAway(problem=f"no answer in {ASKING_SECONDS:g} s") from None
    except HttpRefusal as error:
        if error.said.status in _SILENT:
            return None
        raise judge(error.said) from None
    finally:
        await connection.close()
    return _entries(answer)


def _entries(answer: bytes) -> list[Json]:
    try:
        found: Any = json.loads(answer)  # Any: JSON
    except (ValueError, RecursionError):
        raise ServerAway(problem="the server answers with something else than JSON; is that its url?") from None
    models = found.get("data") if isinstance(found, dict) else None
    return [each for each in models if isinstance(each, dict)] if isinstance(models, list) else []


def told_of(models: list[Json], model: str) -> Json | None:
    """What is said of this one; of the only one there is, whatever it is called."""
    named = next((each for each in models if each.get("id") in _names(model)), None)
    return named if named is not None else models[0] if len(models) == 1 else None


def name_at_server(model: str, told: Json | None) -> str:
    """What to ask for: servers of one model call it as they like, and some take no other name."""
    name = None if told is None else told.get("id")
    return name if isinstance(name, str) and 0 < len(name) <= 200 and name not in _names(model) else model


def names_in(models: list[Json]) -> str:
    return ", ".join(str(each.get("id")) for each in models[:20])


def _names(model: str) -> tuple[str, ...]:
    return model, f"{model}:latest", f"models/{model}"


def context_told(entry: Json) -> int | None:
    """Tokens, in whichever words a server has for it."""
    meta = entry.get("meta")
    for table in (entry, meta if isinstance(meta, dict) else {}):
        for key in _CONTEXTS:
            number = table.get(key)
            if isinstance(number, int) and not isinstance(number, bool) and 512 <= number <= 100_000_000:
                return number
    return None


def _notes_of_url(spec: ChatSpec, url: str, models: list[Json] | None) -> list[Note]:
    if url != spec.url:
        return [Note(tensor="url", what=url, why="the server lists its models there")]
    if models is not None:
        return []
    why = "the server lists no models there; most have their version in it, such as /v1"
    return [Note(tensor="url", what=url, why=why, guessed=True)]


def _notes(model: str, called: str, context: int | None) -> list[Note]:
    if context is None:
        why = "the server does not tell it; take it from what is said of the model"
        notes = [Note(tensor="context", what=f"{USUAL_CONTEXT} tokens", why=why, guessed=True)]
    else:
        notes = [Note(tensor="context", what=f"{context} tokens", why="the server tells it")]
    if called != model:
        why = f"the server has no other, and does not list {model}"
        notes.append(Note(tensor="model", what=called, why=why, guessed=True))
    why = "one price for each answer; input_price and output_price are for 1,000 tokens"
    return [*notes, Note(tensor="price", what="1.00", why=why, guessed=True)]


def _spec(runtime: Entry) -> ChatSpec:
    try:
        return ChatSpec.model_validate(runtime)
    except ValidationError as error:
        key, problem, fix = explain(error, runtime)
        raise ModelBroken(problem=f"{key}: {problem}", fix=fix) from None
