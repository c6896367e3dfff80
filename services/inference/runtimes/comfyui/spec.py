"""`[runtime] kind = "comfyui"`: a workflow of the folder, run by a ComfyUI server."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PrivateAttr

from services.inference.runtimes.comfyui.graph import bind
from services.inference.runtimes.comfyui.workflow import WorkflowUnfit, read_workflow
from services.manifests.bindings import Binding, NodeBinding
from services.manifests.manifest import Manifest
from services.manifests.runtime import RemoteSpec
from services.manifests.schema import Array, FileName


class ComfyUISpec(RemoteSpec):
    """`seed`: inputs that get another number for each job; without it all that are called so, with `[]` none."""

    binding: ClassVar[Binding] = Binding.NODE
    kind: Literal["comfyui"]
    workflow: FileName = "workflow.json"
    seed: Annotated[tuple[NodeBinding, ...], Array] | None = None
    timeout: float = Field(default=300.0, ge=2, le=3600)
    max_batch: int = Field(default=1, ge=1, le=1)
    _digest: str = PrivateAttr(default="")

    @property
    def files(self) -> Mapping[str, str]:
        return {"workflow": self.workflow}

    @property
    def fingerprint(self) -> str:
        """Of what the manifest says and of the workflow's text."""
        return hashlib.sha256(f"{super().fingerprint}{self._digest}".encode()).hexdigest()

    def complain_of(self, manifest: Manifest, folder: Path) -> tuple[str, str, str] | None:
        file = folder / self.workflow
        try:
            bind(manifest, self.seed, read_workflow(file))
        except WorkflowUnfit as error:
            return error.key, error.problem, error.fix
        self._digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return None
