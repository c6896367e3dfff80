"""Chat completions as they go over the wire, in three dialects."""

import json
from typing import Any, Final

from sandbox.openai.answers import Reply
from sandbox.openai.server import MODEL, ChatFault, Dialect

Json = dict[str, Any]  # Any: JSON
ERRORS: Final[dict[str, tuple[int, Any]]] = {
    "400": (400, {"message": "Invalid value.", "type": "invalid_request_error", "param": None, "code": "invalid"}),
    "401": (401, {"message": "Incorrect API key provided.", "type": "invalid_request_error", "param": None,
                  "code": "invalid_api_key"}),
    "402": (402, {"message": "Insufficient credits.", "code": 402}),
    "403": (403, {"message": "Country, region, or territory not supported", "type": "request_forbidden",
                  "param": None, "code": "unsupported_country_region_territory"}),
    "404": (404, {"message": "The model does not exist.", "type": "invalid_request_error", "param": None,
                  "code": "model_not_found"}),
    "408": (408, {"message": "Request timed out.", "type": "timeout", "param": None, "code": None}),
    "409": (409, {"message": "Conflict.", "type": "conflict", "param": None, "code": None}),
    "413": (413, {"message": "The request is too large for the context.", "type": "invalid_request_error",
                  "param": None, "code": "context_length_exceeded"}),
    "422": (422, {"message": "Unprocessable entity.", "type": "invalid_request_error", "param": None, "code": None}),
    "429": (429, {"message": "Rate limit reached.", "type": "requests", "param": None,
                  "code": "rate_limit_exceeded"}),
    "500": (500, {"message": "The server had an error.", "type": "server_error", "param": None, "code": None}),
    "502": (502, {"message": "Bad gateway.", "type": "server_error", "param": None, "code": None}),
    "503": (503, {"message": "Loading model", "type": "unavailable_error", "code": 503}),
    "529": (529, {"message": "Overloaded.", "type": "overloaded_error", "param": None, "code": None}),
    "quota": (429, {"message": "You exceeded your current quota, please check your plan and billing details.",
                    "type": "insufficient_quota", "param": None, "code": "insufficient_quota"}),
    "refuse": (403, {"message": "Your input was flagged.", "code": 403, "metadata": {"reasons": ["violence"]}}),
    "context": (400, {"message": "This model's maximum context length is 128 tokens.",
                      "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded"}),
    "context_text": (400, {"message": "litellm.ContextWindowExceededError: ContextWindowExceededError", "type": None,
                           "param": None, "code": "400"}),
    "picture": (500, {"message": "image input is not supported", "type": "server_error", "code": 500}),
    "no_stream_options": (400, {"message": "Unrecognized request argument supplied: stream_options",
                                "type": "invalid_request_error", "param": "stream_options", "code": None}),
}  # fmt: skip
BODIES: Final[dict[str, tuple[int, Any]]] = {
    "context_llama": (400, {"error": {"code": 400, "message": "the request exceeds the available context size",
                                      "type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 4096}}),
    "context_flat": (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens.",
                           "type": "BadRequestError", "param": None, "code": 400}),
    "context_status": (413, {"status": 413, "message": "Payload too large"}),
    "detail": (500, {"detail": "Internal Server Error"}),
}  # fmt: skip
"""Refusals as servers say them that do not say `{"error": …}` as OpenAI does."""
ENDS: Final = frozenset({"cut", "truncated", "malformed", "stall", "error_in_stream", "error_chunk"})
"""Faults that end a stream half-way."""


def usage(reply: Reply, fault: ChatFault | None, dialect: Dialect) -> Json | None:
    """What it says was used; a gateway estimates."""
    prompt, completion = reply.prompt_tokens, len(reply.pieces)
    if fault == "no_usage":
        return None
    if fault == "zero_usage":
        prompt = completion = 0
    elif fault == "negative_usage":
        prompt = -prompt
    elif fault == "wild_usage":
        prompt, completion = prompt * 1_000_000, completion * 1_000_000
    elif dialect == "gateway":
        prompt, completion = prompt + 1, completion + 1
    told: Json = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    if dialect == "openrouter":
        told |= {"cost": 0.0001, "cost_details": {"upstream_inference_cost": None}}
    return told


def completion(number: str, created: int, reply: Reply, used: Json | None) -> Json:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": reply.text, "refusal": None},
        "finish_reason": reply.finish,
        "logprobs": None,
    }
    body = {"id": number, "object": "chat.completion", "created": created, "model": MODEL, "choices": [choice]}
    return body if used is None else {**body, "usage": used}


def chunk(number: str, created: int, delta: Json | None, finish: str | None = None, used: Json | None = None) -> bytes:
    """`delta`: None for one without choices."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
    body = {"id": number, "object": "chat.completion.chunk", "created": created, "model": MODEL, "choices": choices}
    return event(body if used is None else {**body, "usage": used})


def event(body: Json) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"
