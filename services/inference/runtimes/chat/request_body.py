"""What is sent to `/chat/completions`: as little as every server understands."""

from base64 import b64encode
from typing import Any

from services.inference.chat import ChatRequest, ChatTurn
from services.inference.runtimes.chat.spec import ChatSpec
from services.inference.runtimes.pictures import suffix_of

Json = dict[str, Any]  # Any: an object of the API


def body_of(spec: ChatSpec, request: ChatRequest, *, measured: bool) -> Json:
    """`measured`: the server is asked to tell the tokens that it counts."""
    body: Json = {
        "model": spec.model,
        "messages": [{"role": turn.role.value, "content": _content(turn)} for turn in request.turns],
        "stream": True,
        spec.limit_field: request.max_tokens,
    }
    if measured:
        body["stream_options"] = {"include_usage": True}
    if spec.temperature is not None:
        body["temperature"] = spec.temperature
    return body


def _content(turn: ChatTurn) -> str | list[Json]:
    if not turn.pictures:
        return turn.text
    told = [{"type": "text", "text": turn.text}] if turn.text else []
    return [*told, *({"type": "image_url", "image_url": {"url": _data_url(each)}} for each in turn.pictures)]


def _data_url(picture: bytes) -> str:
    """In the message itself: some servers fetch no addresses."""
    suffix = suffix_of(picture)
    return f"data:image/{'jpeg' if suffix == 'jpg' else suffix};base64,{b64encode(picture).decode()}"
