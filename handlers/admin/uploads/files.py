"""Files of models, as they come in the chat."""

import tempfile
from pathlib import PurePath
from typing import Final

from aiogram.filters import Filter
from aiogram.types import Document, Message

from handlers.admin.context import AdminContext
from handlers.form.uploads import fetch
from services.errors import N_, ShopError
from services.values.errors import FileTooLarge

ONNX: Final = ".onnx"
OTHERS: Final = frozenset({".pkl", ".pickle", ".joblib", ".pt", ".pth", ".h5", ".keras", ".tflite", ".safetensors"})
MAX_BYTES: Final = 200_000_000  # one's own Bot API server hands over as much; Telegram's, 20 MB
MAX_NAMES: Final = 1_000_000


class NotOnnx(ShopError):
    message = N_("The shop sells models in the format ONNX. Export yours: torch.onnx.export, skl2onnx, or tf2onnx.")


class UploadTooLarge(ShopError):
    message = N_(
        "Telegram hands bots no files over 20 MB. Put this one on the server and run there: "
        "kassandra models add FILE, or connect a Bot API server of your own."
    )


class IsModelFile(Filter):
    """A document that is called as models are."""

    async def __call__(self, message: Message) -> bool:
        return message.document is not None and _suffix(message.document) in {ONNX, *OTHERS}


async def fetch_model(file_id: str, size: int | None, ctx: AdminContext) -> bytes:
    """Raises UploadTooLarge, NotFetched, FilesClosed."""
    try:
        return await _fetch(file_id, size, MAX_BYTES, ctx)
    except FileTooLarge as error:
        raise UploadTooLarge() from error


async def fetch_names(document: Document, ctx: AdminContext) -> str:
    """The text of a file of names, of whatever encoding. Raises FileTooLarge, NotFetched, FilesClosed."""
    return (await _fetch(document.file_id, document.file_size, MAX_NAMES, ctx)).decode("utf-8-sig", "replace")


def require_onnx(document: Document) -> None:
    """Raises NotOnnx."""
    if _suffix(document) != ONNX:
        raise NotOnnx(name=document.file_name)


async def _fetch(file_id: str, size: int | None, limit: int, ctx: AdminContext) -> bytes:
    with tempfile.TemporaryFile() as file:
        await fetch(ctx.bot, file_id, size=size, into=file, limit=limit)
        file.seek(0)
        return file.read()


def _suffix(document: Document) -> str:
    return PurePath(document.file_name or "").suffix.lower()
