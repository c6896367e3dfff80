"""Files of one bot: what was sent by either side, found again by file_id."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from mimetypes import guess_type
from pathlib import Path

from sandbox.telegram.errors import BadRequest, BotApiError
from sandbox.telegram.images import MAX_PHOTO_BYTES, PhotoFiles
from sandbox.telegram.wire import JsonObject

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
_UNKNOWN_TYPE = "application/octet-stream"
TOPIC_ICON = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(28)
TOPIC_ICON_LOOKS: JsonObject = {
    "type": "custom_emoji",
    "width": 100,
    "height": 100,
    "is_animated": False,
    "is_video": False,
    "custom_emoji_id": "5312536423851630001",
}
TYPE_NAMES = {
    "photo": "Photo",
    "document": "Document",
    "voice": "VoiceNote",
    "video": "Video",
    "audio": "Audio",
    "sticker": "Sticker",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    file_id: str
    unique_id: str
    kind: str
    path: str
    data: bytes
    name: str | None
    mime_type: str | None
    content: JsonObject | list[JsonObject]
    """What stands in a Message: an object, for a photo the list of its sizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    data: bytes
    name: str | None = None
    mime_type: str | None = None


class FileStore:
    """`folder`: where a server in `--local` mode keeps the bot's files; None for one that serves them over HTTP."""

    def __init__(self, bot_id: int, folder: Path | None = None) -> None:
        self._bot_id = bot_id
        self.folder = folder
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._count = 0
        self._photos = PhotoFiles()
        self._topic_icon: StoredFile | None = None

    def get(self, file_id: str) -> StoredFile | None:
        return self._by_id.get(file_id)

    def by_path(self, path: str) -> StoredFile | None:
        return self._by_path.get(path)

    def topic_icon(self) -> StoredFile:
        """The sticker that Telegram offers as the icon of a topic."""
        if self._topic_icon is None:
            upload = Upload(data=TOPIC_ICON, name="icon.webp", mime_type="image/webp")
            self._topic_icon = self.add("sticker", upload, TOPIC_ICON_LOOKS)
        return self._topic_icon

    def place(self, stored: StoredFile) -> str:
        """Where a bot finds it: a part of an address, or a file that is on the disk from now on."""
        if self.folder is None:
            return stored.path
        file = self.folder / stored.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(stored.data)
        return str(file)

    def reuse(self, file_id: str, kind: str) -> StoredFile:
        """A file that was sent before, named by its id."""
        if file_id.startswith(("http://", "https://")):
            raise BadRequest("failed to get HTTP URL content")
        found = self._by_id.get(file_id)
        if found is None:
            raise BadRequest("wrong remote file identifier specified: Wrong character in the string")
        if found.kind != kind:
            raise BadRequest(f"can't use file of type {TYPE_NAMES[found.kind]} as {TYPE_NAMES[kind]}")
        return found

    def add(self, kind: str, upload: Upload, extra: JsonObject | None = None) -> StoredFile:
        """Any file but a photo; `extra` are fields of its kind, such as a duration in seconds."""
        _check_size(upload)
        name = upload.name or "file"
        # HTTP clients name a type only when they know it; Telegram looks at the name.
        given = upload.mime_type if upload.mime_type != _UNKNOWN_TYPE else None
        mime_type = given or guess_type(name)[0] or _UNKNOWN_TYPE
        suffix = name.rpartition(".")[2] if "." in name else "bin"
        described: JsonObject = {"mime_type": mime_type, **(extra or {})}
        if kind in ("document", "audio", "video"):
            described = {"file_name": name, **described}
        return self._store(kind, upload.data, suffix=suffix, name=name, mime_type=mime_type, described=described)

    async def add_photo(self, upload: Upload) -> StoredFile:
        """Recompressed into a few sizes, as Telegram does; the file_id of each size finds that size."""
        _check_size(upload)
        if len(upload.data) > MAX_PHOTO_BYTES:
            raise BadRequest(
                f"file of size {len(upload.data)} bytes is too big for a photo; "
                f"the maximum size is {MAX_PHOTO_BYTES} bytes"
            )
        sizes: list[JsonObject] = []
        for size in await self._photos.sizes(upload.data):
            described = {"width": size.width, "height": size.height}
            stored = self._store(
                "photo", size.data, suffix="jpg", name=None, mime_type="image/jpeg", described=described
            )
            assert isinstance(stored.content, dict)
            sizes.append(stored.content)
        for each in sizes:
            whole = self._by_id[each["file_id"]]
            self._by_id[whole.file_id] = self._by_path[whole.path] = replace(whole, content=sizes)
        return self._by_id[sizes[-1]["file_id"]]

    def _store(
        self, kind: str, data: bytes, *, suffix: str, name: str | None, mime_type: str | None, described: JsonObject
    ) -> StoredFile:
        self._count += 1
        digest = hashlib.blake2b(data, digest_size=12, key=kind.encode()).digest()
        unique_id = "AQAD" + urlsafe_b64encode(digest).decode()
        own = hashlib.blake2b(b"%d:%d" % (self._bot_id, self._count), digest_size=30).digest()
        file_id = "AgACAgIAAxkBAAI" + urlsafe_b64encode(own).decode()
        path = f"{kind}s/file_{self._count}.{suffix}"
        ids: JsonObject = {"file_id": file_id, "file_unique_id": unique_id, "file_size": len(data)}
        stored = StoredFile(
            file_id=file_id,
            unique_id=unique_id,
            kind=kind,
            path=path,
            data=data,
            name=name,
            mime_type=mime_type,
            content={**described, **ids},
        )
        self._by_id[file_id] = self._by_path[path] = stored
        return stored


def _check_size(upload: Upload) -> None:
    if not upload.data:
        raise BadRequest("file must be non-empty")
    if len(upload.data) > MAX_UPLOAD_BYTES:
        raise BotApiError(413, "Request Entity Too Large")
