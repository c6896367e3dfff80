"""`[runtime] kind = "open-inference"`."""

from typing import Literal

from pydantic import Field

from services.manifests.runtime import RemoteSpec


class OpenInferenceSpec(RemoteSpec):
    """`model` as the server calls it; without a `version` the server takes its own choice."""

    kind: Literal["open-inference"]
    model: str = Field(pattern=r"^[^\s/][^/\r\n]*$", max_length=200)
    version: str | None = Field(default=None, pattern=r"^[^\s/]+$", max_length=64)
