"""What owners and admins do with uploads: send, look, tell what the file does not say, publish, discard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import structlog
from sqlalchemy.orm import Session

from db.engine import Database
from services.clock import Clock
from services.errors import N_, ShopError
from services.files.store import StoreAway
from services.manifests.errors import ManifestError
from services.manifests.labels import LabelsUnreadable, parse_labels
from services.manifests.manifest import Manifest
from services.models.uploads import changes, comparisons, publishing, resemblance
from services.models.uploads.contents import ContentLost, VersionContents
from services.models.uploads.publishing import UploadCard
from services.models.uploads.receiving import NewUpload, receive
from services.models.uploads.shelf import Shelved, VersionShelf
from services.models.uploads.stuck import stuck_uploads
from services.models.uploads.texts import checked_title
from services.models.uploads.versions import (
    SELLABLE,
    VersionView,
    slug_of,
    unpublished,
    versions_of,
)
from services.notifications.message_ref import MessageRef
from services.stuck import Stuck
from services.users.actor import Actor
from services.users.roles import Staff

log = structlog.get_logger()
MOST_LISTED: Final = 20
MAX_NAMES_BYTES: Final = 1_000_000
R = TypeVar("R")


class BadNames(ShopError):
    message = N_("These are no names. Send one a line, or a text file with them.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A file of a model. `slug`, `wanted_slug`, `apart`: as of `NewUpload`."""

    name: str
    content: bytes
    slug: str | None = None
    wanted_slug: str | None = None
    apart: bool = False
    shown_in: MessageRef | None = None


class UploadManagement:
    """Changes raise `NotAllowed`, `VersionNotFound`, `NotNow`; each is in the audit log. `on_published` is called when
    something else is on sale."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        staff: Staff,
        contents: VersionContents,
        shelf: VersionShelf,
        *,
        on_published: Callable[[], None],
    ) -> None:
        self._db, self._clock, self._staff = db, clock, staff
        self._contents, self._shelf, self._on_published = contents, shelf, on_published

    async def receive(self, sent: Sent, *, actor: Actor) -> VersionView:
        """A worker checks it soon. Raises AlreadyHere, NoSuchUpload, StoreAway."""
        new = NewUpload(
            name=sent.name,
            content=await self._contents.put(sent.content),
            slug=sent.slug,
            wanted_slug=sent.wanted_slug,
            apart=sent.apart,
            shown_in=sent.shown_in,
        )
        return await self._act(receive, new, uuid4(), actor=actor)

    async def card(self, version_id: UUID) -> UploadCard:
        return await self._db.read(publishing.card, version_id)

    async def versions(self, slug: str) -> Sequence[VersionView]:
        """Those that are or may be on sale, and those that wait, the newest first."""
        return await self._db.read(versions_of, slug)

    async def waiting(self) -> Sequence[VersionView]:
        """Of all models, those that nobody has decided on, the newest first."""
        return await self._db.read(unpublished, MOST_LISTED)

    async def stuck(self) -> Stuck:
        """Checks, trials and comparisons that nobody gets on with."""
        return await self._db.read(stuck_uploads, self._clock())

    async def named_so(self, name: str) -> str | None:
        """The uploaded model that a file of this name may be a new version of."""
        slug = slug_of(name)
        return slug if await self._db.read(versions_of, slug, SELLABLE) else None

    async def shelved(self, view: VersionView) -> Shelved:
        """Its manifest as it is sold, and its folder. Raises StoreAway, ContentLost, ManifestError."""
        return await self._shelf.open(view)

    async def manifest(self, view: VersionView) -> Manifest | None:
        """As it is or would be sold; None where there is none yet, or its contents are not to be had now."""
        if view.status not in SELLABLE:
            return None
        try:
            return (await self._shelf.open(view)).manifest
        except (StoreAway, ContentLost, ManifestError, OSError) as error:
            log.warning("upload_not_read", version=str(view.id), error=str(error))
            return None

    async def set_title(self, version_id: UUID, language: str, text: str, *, actor: Actor) -> VersionView:
        """Of a draft. Raises BadShownText."""
        title = checked_title(text)
        return await self._act(changes.set_title, version_id, language, title, actor=actor)

    async def set_price(self, version_id: UUID, price: int, *, actor: Actor) -> VersionView:
        """In hundredths; 0 is free. What is on sale has its price on the model's card."""
        return await self._act(changes.set_price, version_id, price, actor=actor)

    async def set_names(self, version_id: UUID, what: str, text: str, *, actor: Actor) -> VersionView:
        """Of its classes or of its questions (`LABELS`, `FEATURES`), one a line; it is checked anew with them. Raises
        BadNames, AlreadyHere."""
        try:
            names = parse_labels(text)
        except LabelsUnreadable as error:
            raise BadNames(problem=str(error)) from None
        if len(text.encode()) > MAX_NAMES_BYTES or not names:
            raise BadNames(problem="")
        return await self._act(changes.set_hint, version_id, what, text, actor=actor)

    async def show_in(self, version_id: UUID, place: MessageRef) -> None:
        """Where its card is from now on."""
        await self._db.write(changes.show_in, version_id, place)

    async def publish(self, version_id: UUID, *, actor: Actor) -> VersionView:
        """It takes the place of the version on sale, which may come back the same way. Raises NotAnswered, StoreAway,
        ContentLost, ManifestError."""
        view = await self._db.read(publishing.to_publish, version_id)
        shelved = await self._shelf.open(view)
        done = await self._act(publishing.publish, view, shelved.manifest, actor=actor)
        self._on_published()
        return done

    async def compare(self, version_id: UUID, *, actor: Actor) -> None:
        """With the version on sale; a worker does it soon, and its card says what came of it."""
        await self._act(comparisons.ask, version_id, actor=actor)

    async def join(self, version_id: UUID, slug: str, *, actor: Actor) -> VersionView:
        """It came as a new model, and is a new version of this one. Raises NoSuchUpload."""
        return await self._act(resemblance.join, version_id, slug, actor=actor)

    async def keep_apart(self, version_id: UUID, *, actor: Actor) -> VersionView:
        """It is a model of its own, whatever it resembles."""
        return await self._act(resemblance.keep_apart, version_id, actor=actor)

    async def discard(self, version_id: UUID, *, actor: Actor) -> VersionView:
        """Nobody wants it; it is not on sale."""
        return await self._act(changes.discard, version_id, actor=actor)

    async def remove(self, slug: str, *, actor: Actor) -> None:
        """All versions of a model. What was bought of it stays."""
        await self._act(publishing.remove, slug, actor=actor)
        self._on_published()

    async def _act(self, work: Callable[..., R], *args: Any, actor: Actor) -> R:  # Any: what `work` takes
        def acting(session: Session) -> R:
            self._staff.require(session, actor)
            return work(session, *args, actor=actor, now=self._clock())

        return await self._db.write(acting)
