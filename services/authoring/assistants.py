"""A first manifest of an assistant, from what its server says of its models."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from services.authoring.drafting import Draft, head_of
from services.authoring.notes import Entry, Note
from services.authoring.toml import manifest_toml
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
    models = asyncio.run(listed(spec))
    told = told_of(models, place.model)
    if told is None and len(models) > 1:
        known = ", ".join(str(each.get("id")) for each in models[:20])
        raise ModelBroken(problem=f'the server has no model "{place.model}"', fix=f"Name one of: {known}")
    context = context_told(told or {})
    notes = list(_notes(place.model, told, context))
    runtime = place.runtime | {"context": context or USUAL_CONTEXT}
    runtime["max_answer"] = min(USUAL_ANSWER, runtime["context"] // 4)
    _spec(runtime)
    head = head_of(folder, place.model.rpartition("/")[2], runtime)
    return Draft(toml=manifest_toml({**head, "icon": "💬"}, notes), files={}, notes=notes)


async def listed(spec: ChatSpec) -> list[Json]:
    """What the server says of each of its models; nothing where it does not tell. Raises ModelBroken, ServerAway."""
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
            return []
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
    names = (model, f"{model}:latest", f"models/{model}")
    named = next((each for each in models if each.get("id") in names), None)
    return named if named is not None else models[0] if len(models) == 1 else None


def context_told(entry: Json) -> int | None:
    """Tokens, in whichever words a server has for it."""
    meta = entry.get("meta")
    for table in (entry, meta if isinstance(meta, dict) else {}):
        for key in _CONTEXTS:
            number = table.get(key)
            if isinstance(number, int) and not isinstance(number, bool) and 512 <= number <= 100_000_000:
                return number
    return None


def _notes(model: str, told: Json | None, context: int | None) -> list[Note]:
    if context is None:
        why = "the server does not tell it; take it from what is said of the model"
        notes = [Note(tensor="context", what=f"{USUAL_CONTEXT} tokens", why=why, guessed=True)]
    else:
        notes = [Note(tensor="context", what=f"{context} tokens", why="the server tells it")]
    if told is not None and told.get("id") not in (None, model):
        why = f"the server calls it {told['id']}"
        notes.append(Note(tensor="model", what=model, why=why, guessed=True))
    why = "one price for each answer; input_price and output_price are for 1,000 tokens"
    return [*notes, Note(tensor="price", what="1.00", why=why, guessed=True)]


def _spec(runtime: Entry) -> ChatSpec:
    try:
        return ChatSpec.model_validate(runtime)
    except ValidationError as error:
        key, problem, fix = explain(error, runtime)
        raise ModelBroken(problem=f"{key}: {problem}", fix=fix) from None
