"""Contents of versions in the shop's store. Each has a key of its own there, as pictures have, so that what is swept is
never what somebody sends anew; what is read is what was put there."""

import hashlib
from uuid import uuid4

from services.errors import ShopError
from services.files.store import FileStore, key_of
from services.models.uploads.versions import StoredContent


class ContentLost(ShopError):
    """The store has it no more, or something else in its place. `str()` is for the operator."""

    problem = "its file is not in the store (FILES_URL) any more, or is another one"
    fix = "Send it again"

    def __str__(self) -> str:
        return f"{self.problem}. {self.fix}"


class VersionContents:
    def __init__(self, store: FileStore) -> None:
        self._store = store

    async def put(self, content: bytes) -> StoredContent:
        """Without a row yet: it is swept after a day if none comes. Raises StoreAway."""
        stored = StoredContent(file=uuid4(), sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        await self._store.put(key_of(stored.file), content)
        return stored

    async def get(self, stored: StoredContent) -> bytes:
        """Raises StoreAway, ContentLost."""
        content = await self._store.get(key_of(stored.file))
        if content is None or hashlib.sha256(content).hexdigest() != stored.sha256:
            raise ContentLost(file=stored.file)
        return content
