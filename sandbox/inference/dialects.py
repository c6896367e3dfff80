"""Where servers of the protocol differ, as they were seen to: statuses, forms of errors, what they take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Form: TypeAlias = Literal["error", "detail", "text", "empty"]
"""`{"error": text}`, `{"detail": [...]}`, the text itself, nothing."""
Wrong: TypeAlias = Literal[
    "unknown_model", "not_ready", "unready_model", "shape", "dtype", "no_inputs", "json", "unknown_output",
    "half_in_json", "binary", "run", "unknown_load", "version",
]  # fmt: skip
"""`not_ready`: asked whether an unknown model is ready; `unready_model`: one that was unloaded is to infer."""
Answered: TypeAlias = tuple[int, Form]

TRITON_EXTENSIONS: Final = (
    "classification", "sequence", "model_repository", "model_repository(unload_dependents)", "schedule_policy",
    "model_configuration", "system_shared_memory", "cuda_shared_memory", "binary_tensor_data", "parameters",
    "statistics", "trace", "logging",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`versions`: which paths with `/versions/` there are. `all_ready`: the server is ready only while all its models
    are. `health`: what health answers with. `extras`: what each answer has besides: an id that nobody gave and a
    content type (MLServer), nulls (KServe), rt_info in metadata (OpenVINO). `max_bytes`: a longer body is cut."""

    name: str
    version: str
    extensions: tuple[str, ...] | None
    errors: Mapping[Wrong, Answered]
    binary_in: bool = True
    binary_out: bool = True
    half_in_json: bool = True
    nan_in_json: bool = True
    strict_outputs: bool = False
    all_ready: bool = False
    versions: Literal["numeric", "any", "none"] = "numeric"
    health: Literal["empty", "json"] = "empty"
    slash: bool = False
    metadata: bool = True
    repository: frozenset[str] = field(default_factory=frozenset)
    extras: Literal["none", "invented", "nulls", "rt_info"] = "none"
    error_type: str = "application/json"
    max_bytes: int | None = None
    config: bool = False


def _errors(**special: Answered) -> Mapping[Wrong, Answered]:
    usual: dict[Wrong, Answered] = {
        "unknown_model": (404, "error"),
        "not_ready": (404, "error"),
        "unready_model": (404, "error"),
        "shape": (400, "error"),
        "dtype": (400, "error"),
        "no_inputs": (400, "error"),
        "json": (400, "error"),
        "unknown_output": (400, "error"),
        "half_in_json": (400, "error"),
        "binary": (500, "text"),
        "run": (500, "error"),
        "unknown_load": (404, "error"),
        "version": (400, "error"),
    }
    return usual | special  # type: ignore[return-value] # the keywords are kinds of Wrong


DIALECTS: Final[Mapping[str, Dialect]] = {
    "triton": Dialect(
        name="triton",
        version="2.51.0",
        extensions=TRITON_EXTENSIONS,
        errors=_errors(
            not_ready=(400, "error"),
            unready_model=(400, "error"),
            shape=(500, "error"),
            dtype=(500, "error"),
            no_inputs=(500, "error"),
            json=(500, "error"),
            unknown_load=(500, "error"),
        ),
        half_in_json=False,
        strict_outputs=True,
        all_ready=True,
        repository=frozenset({"index", "load", "unload"}),
        error_type="text/plain",
        max_bytes=64 * 1024 * 1024,
        config=True,
    ),
    "mlserver": Dialect(
        name="mlserver",
        version="1.7.1",
        extensions=(),
        errors=_errors(shape=(500, "error"), no_inputs=(422, "detail"), json=(422, "detail")),
        binary_in=False,
        binary_out=False,
        nan_in_json=False,
        versions="any",
        slash=True,
        metadata=False,
        repository=frozenset({"index", "load", "unload"}),
        extras="invented",
    ),
    "kserve": Dialect(
        name="kserve",
        version="0.21.0",
        extensions=("model_repository_extension",),
        errors=_errors(
            unready_model=(503, "error"),
            no_inputs=(422, "detail"),
            json=(422, "detail"),
            version=(501, "error"),
            binary=(500, "error"),
        ),
        binary_out=False,
        half_in_json=False,
        versions="none",
        health="json",
        metadata=False,
        repository=frozenset({"load", "unload"}),
        extras="nulls",
    ),
    "openvino": Dialect(
        name="OpenVINO Model Server",
        version="2026.2",
        extensions=None,
        errors=_errors(),
        extras="rt_info",
    ),
}
