"""Files in a bucket of an S3 server, by obstore. Its login and address come from the variables that all S3 programs
read: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL."""

import os
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import timedelta
from typing import Final, TypeVar

from services.files.store import Kept, StoreAway

T = TypeVar("T")
PATIENCE: Final = timedelta(seconds=20)  # for one call, with what obstore repeats by itself
PAGE: Final = 500


class BucketStore:
    def __init__(self, bucket: str, prefix: str) -> None:
        """Raises ValueError where the package is missing or a variable makes no sense."""
        try:
            from obstore.exceptions import BaseError
            from obstore.store import S3Store
        except ImportError:
            raise ValueError("needs one more package: .venv/bin/pip install -r requirements/server.txt") from None
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        try:
            self._store = S3Store(
                bucket,
                prefix=prefix or None,
                client_options={"timeout": PATIENCE, "allow_http": endpoint.startswith("http://")},
                retry_config={"max_retries": 3, "retry_timeout": PATIENCE},
            )
        except BaseError as error:
            raise ValueError(f"cannot be used: {_line(error)}") from None
        self._errors: tuple[type[Exception], ...] = (BaseError, OSError)

    async def put(self, key: str, content: bytes) -> None:
        await self._done(self._store.put_async(key, content))

    async def get(self, key: str) -> bytes | None:
        try:
            found = await self._store.get_async(key)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except self._errors as error:
            raise StoreAway(problem=_line(error)) from error

    async def delete(self, key: str) -> None:
        try:
            await self._store.delete_async(key)
        except FileNotFoundError:
            return
        except self._errors as error:
            raise StoreAway(problem=_line(error)) from error

    async def list(self) -> AsyncIterator[Sequence[Kept]]:
        try:
            async for page in self._store.list(chunk_size=PAGE):
                yield [Kept(item["path"], item["last_modified"]) for item in page]
        except self._errors as error:
            raise StoreAway(problem=_line(error)) from error

    async def _done(self, call: Awaitable[T]) -> T:
        try:
            return await call
        except self._errors as error:
            raise StoreAway(problem=_line(error)) from error


def _line(error: Exception) -> str:
    """obstore tells its source's whole structure below the first lines."""
    return " ".join(str(error).split("Debug source:")[0].split())[:200]
