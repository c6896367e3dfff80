"""Owners change what customers read of a version, on sale or not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.engine import Database
from db.tables.models import Model, VersionStatus
from db.tables.users import AuditAction
from services.clock import Clock
from services.manifests.errors import ManifestError
from services.manifests.manifest import Manifest
from services.models.rows import columns_of
from services.models.uploads.changes import WORDED, NotNow, locked, put, record_change
from services.models.uploads.publishing import is_folders
from services.models.uploads.shelf import VersionShelf
from services.models.uploads.texts import LANGUAGES, TITLE, BadShownText, ShownText, checked, checked_list, shown_texts
from services.models.uploads.versions import VersionView, version
from services.users.actor import Actor
from services.users.roles import Staff

_models = table_of(Model)
_KEPT: Final = ("manifest", "written", "updated_at")  # of a model's row, what its words are in


class TextGone(NotNow):
    """The version has no such text any more: its file was looked at anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTexts:
    version: VersionView
    texts: Sequence[ShownText]

    def text(self, key: str) -> ShownText:
        """Raises TextGone."""
        found = next((each for each in self.texts if each.key == key), None)
        if found is None:
            raise TextGone(version=self.version.id, key=key)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reworded:
    """`manifest`: of `after`."""

    before: VersionView
    after: VersionView
    manifest: Manifest


class UploadTexts:
    """Changes raise `NotAllowed`, `VersionNotFound`, `NotNow`, and `StoreAway`, `ContentLost` where the version cannot
    be read; each is in the audit log. `on_published` is called where they are on sale."""

    def __init__(
        self, db: Database, clock: Clock, staff: Staff, shelf: VersionShelf, *, on_published: Callable[[], None]
    ) -> None:
        self._db, self._clock, self._staff, self._shelf = db, clock, staff, shelf
        self._on_published = on_published

    async def of(self, version_id: UUID) -> VersionTexts:
        """Raises NotNow where its file was not looked at, or nobody wants it."""
        view = await self._db.read(version, version_id)
        if view.status not in WORDED:
            raise NotNow(version=version_id, status=view.status)
        manifest = (await self._shelf.open(view)).manifest
        return VersionTexts(version=view, texts=[_told(text, view) for text in shown_texts(manifest)])

    async def change(
        self, version_id: UUID, given: Mapping[str, Mapping[str, str] | str], *, actor: Actor
    ) -> VersionView:
        """`given` by key: words by language, empty ones to go without; of a list its lines. All or none. Raises
        BadShownText, OtherCount, TextGone."""
        now = await self.of(version_id)
        texts, title = dict(now.version.texts), dict(now.version.title)
        for key, said in given.items():
            value = _value(now.text(key), said)
            if key == TITLE:
                title = value
            else:
                texts[key] = value
        reworded = replace(now.version, title=title, texts=texts)
        if reworded == now.version:
            return now.version
        try:
            manifest = (await self._shelf.open(reworded)).manifest
        except ManifestError as error:
            raise BadShownText(error.key, now.text(next(iter(given))).most) from None
        wanted = _Reworded(before=now.version, after=reworded, manifest=manifest)
        done = await self._db.write(self._reword, wanted, actor, self._clock())
        if done.status is VersionStatus.PUBLISHED:
            self._on_published()
        return done

    def _reword(self, session: Session, wanted: _Reworded, actor: Actor, now: datetime) -> VersionView:
        before, after = wanted.before, wanted.after
        self._staff.require(session, actor)
        row = locked(session, before.id, WORDED)
        known = VersionView.of(row)
        if (known.texts, known.title, known.manifest) != (before.texts, before.title, before.manifest):
            raise NotNow(version=before.id)
        changed = {"title": dict(after.title) or None, "texts": dict(after.texts) or None}
        put(session, row, changed)
        if row.status == VersionStatus.PUBLISHED and not is_folders(session, row.slug):
            columns = columns_of(wanted.manifest, now)
            kept = {name: columns[name] for name in _KEPT}
            session.execute(update(_models).where(_models.c.slug == row.slug).values(kept))
        was, is_now = _differing(before, after)
        record_change(session, AuditAction.UPLOAD_CHANGE, row, actor=actor, now=now, before=was, after=is_now)
        return version(session, before.id)


def _told(text: ShownText, view: VersionView) -> ShownText:
    """Of a title only what a person has told: what the file is called is no name yet."""
    return replace(text, now=dict(view.title)) if text.key == TITLE else text


def _value(text: ShownText, said: Mapping[str, str] | str) -> Any:  # Any: JSON, as a row keeps it
    if text.is_list:
        return checked_list(text, said if isinstance(said, str) else next(iter(said.values()), ""))
    words = dict.fromkeys(LANGUAGES, said) if isinstance(said, str) else said
    return checked(text, words)


def _differing(before: VersionView, after: VersionView) -> tuple[JsonObject, JsonObject]:
    """What is written down of the change: titles, and which other texts."""
    was: JsonObject = {}
    told: JsonObject = {}
    if before.title != after.title:
        was["title"], told["title"] = dict(before.title), dict(after.title)
    keys = [key for key in after.texts if key not in before.texts or before.texts[key] != after.texts[key]]
    if keys:
        was["texts"] = {key: before.texts[key] for key in keys if key in before.texts}
        told["texts"] = {key: after.texts[key] for key in keys}
    return was, told
