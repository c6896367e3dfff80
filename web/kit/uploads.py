"""Pictures that come with a form."""

from fastapi import UploadFile

from services.manifests.preparation import MAX_BYTES, Prepare
from services.values.errors import FileTooLarge
from services.values.intake import Intake


async def uploaded_picture(upload: UploadFile, prepare: Prepare, intake: Intake, *, user_id: int) -> bytes:
    """Looked at, and as small as it is wanted. Raises what is wrong with it, IntakeBusy."""
    if (upload.size or 0) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_BYTES // 1_000_000)
    async with intake.upload(user_id) as received:
        received.file.write(await upload.read())
        return await received.picture(prepare)
