"""Models of the sandbox's inference server, opened as a shop opens them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from sandbox.client.inference import Inference
from services.inference.loaded import RemoteModel, open_remote
from services.inference.runtimes.open_inference.kind import OPEN_INFERENCE
from services.manifests.manifest import load_manifest
from tests.integration import servers
from tests.integration.open_inference.manifests import manifest_text

Opened = Callable[..., RemoteModel]


server = pytest.fixture(servers.inference)


@pytest.fixture
async def opened(server: Inference, tmp_path: Path) -> AsyncIterator[Opened]:
    """`opened("iris", timeout=1)`: nobody is asked yet; closed at the end."""
    async with AsyncExitStack() as stack:

        def open_(name: str, *, url: str = server.url, **given: Any) -> RemoteModel:
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            (folder / "manifest.toml").write_text(manifest_text(name, url, **given))
            manifest = load_manifest(folder, {"open-inference": OPEN_INFERENCE.spec})
            model = open_remote(OPEN_INFERENCE, manifest, folder)
            stack.push_async_callback(model.runtime.close)
            return model

        yield open_
