"""The kinds of runtime that a shop has. Another kind is a module that makes a `RuntimeKind`, and a line of wiring."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from services.inference.chat import ChatRuntime
from services.inference.runtimes.base import RemoteRuntime, Runtime
from services.manifests.manifest import Manifest
from services.manifests.runtime import RemoteSpec, RuntimeSpec, Specs


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeKind:
    """`name` is the manifest's `[runtime] kind`, `spec` what else its table says. `open` makes the runtime of one
    model, in a thread. `threads`: how many blocking calls of all models of the kind run at once; None: as many as the
    engine allows for what computes in this process. Kinds do not wait for one another."""

    name: str
    spec: type[RuntimeSpec]
    open: Callable[[Manifest, Path], Runtime]
    threads: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteKind:
    """As `RuntimeKind`, of models at servers. `open` is called on the engine's loop and asks nobody yet; it raises
    ModelBroken."""

    name: str
    spec: type[RemoteSpec]
    open: Callable[[Manifest, Path], RemoteRuntime]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantKind:
    """As `RemoteKind`, of models that are talked to."""

    name: str
    spec: type[RemoteSpec]
    open: Callable[[Manifest, Path], ChatRuntime]


AnyKind: TypeAlias = RuntimeKind | RemoteKind | AssistantKind


class Runtimes:
    """By name."""

    def __init__(self, kinds: Iterable[AnyKind]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}

    @property
    def specs(self) -> Specs:
        return {name: kind.spec for name, kind in self._kinds.items()}

    @property
    def local(self) -> Iterable[RuntimeKind]:
        """Those that compute in this process."""
        return [kind for kind in self._kinds.values() if isinstance(kind, RuntimeKind)]

    def of(self, manifest: Manifest) -> AnyKind:
        """A manifest was read with `specs`, so its kind is there."""
        return self._kinds[manifest.runtime.kind]
