"""`[runtime] kind = "chat"`, without the HTTP client until an assistant is asked for the first time."""

from pathlib import Path
from typing import Final

from services.inference.chat import ChatRuntime
from services.inference.runtimes.chat.spec import ChatSpec
from services.inference.runtimes.registry import AssistantKind
from services.manifests.manifest import Manifest


def _open(manifest: Manifest, folder: Path) -> ChatRuntime:
    from services.inference.runtimes.chat.runtime import Assistant

    return Assistant(manifest, folder)


CHAT: Final = AssistantKind(name="chat", spec=ChatSpec, open=_open)
