"""`[runtime] kind = "images"`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.inference.runtimes.images.prompt import PromptUnfit, read_prompt
from services.manifests.bindings import Binding
from services.manifests.manifest import ImageInput, ImageOutput, ImagesInput, Input, Manifest
from services.manifests.runtime import RemoteSpec
from services.manifests.schema import NameAtServer

MOST_PICTURES = 16  # that one edit takes


class ImagesSpec(RemoteSpec):
    """`url` with its version, as `https://api.openai.com/v1`; `prompt` names inputs in braces; `options` are sent as
    they are, such as `size`."""

    binding: ClassVar[Binding] = Binding.NAME
    kind: Literal["images"]
    model: NameAtServer | None = None
    prompt: str = Field(default="{prompt}", min_length=1, max_length=8_000)
    options: Mapping[Annotated[str, Field(pattern="^[a-z_]{1,40}$")], str | int | float | bool] = {}
    timeout: float = Field(default=180.0, gt=0, le=3600)
    max_batch: int = Field(default=1, ge=1, le=1)

    def complain_of(self, manifest: Manifest, folder: Path) -> tuple[str, str, str] | None:
        try:
            read_prompt(self.prompt, manifest.inputs)
        except PromptUnfit as error:
            return "runtime.prompt", error.problem, error.fix
        if len(manifest.outputs) != 1 or not isinstance(manifest.outputs[0], ImageOutput):
            return "outputs", "the server answers with one picture", 'Keep one output, of type = "image"'
        if sum(map(_pictures, manifest.inputs)) > MOST_PICTURES:
            return "inputs", f"over {MOST_PICTURES} pictures go in", "Keep fewer"
        if taken := sorted({"prompt", "model", "n", "image", "response_format"} & self.options.keys()):
            return f"runtime.options.{taken[0]}", "is not to be chosen here", "Remove it"
        return None


def _pictures(field: Input) -> int:
    """As many as may go in."""
    return field.max_count if isinstance(field, ImagesInput) else int(isinstance(field, ImageInput))
