"""What the next calls of an inference server may meet."""

from dataclasses import dataclass
from typing import Literal

from sandbox.faults import Fault

ServerFaultKind = Literal[
    "hang", "cut", "slow", "html", "broken", "worker", "401", "413", "429", "500", "503", "name", "shape", "dtype",
    "rows", "nan",
]  # fmt: skip
CALLS = ("server", "health", "ready", "metadata", "config", "infer", "index", "load", "unload")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFault(Fault[ServerFaultKind]):
    """`on`: one of CALLS."""
