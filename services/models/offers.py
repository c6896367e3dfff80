"""What is on sale. `MODELS_DIR` is synced into the table `models`; what an admin changed later wins."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.engine import Database
from db.tables.models import Model, Preset
from db.tables.plans import AllowanceUnit
from db.upsert import insert_into
from services.clock import Clock
from services.errors import N_, ShopError
from services.inference.engine import Engine
from services.manifests.manifest import Manifest
from services.manifests.runtime import SPECS, RemoteSpec, Specs
from services.manifests.schema import Text
from services.models.folders import FolderProblem, Folders, folder_problem, read_all_presets, read_folders
from services.models.preset_files import PRESETS, PresetDraft
from services.models.preset_rules import given_inputs
from services.models.preset_sync import SlugTaken, sync_presets
from services.models.rows import columns_of
from services.notifications.kinds.models import ModelNotLoaded
from services.notifications.owners import forget_news, tell_owners

_models, _presets = table_of(Model), table_of(Preset)
ON_SALE: Final = _models.c.present & _models.c.admin_enabled.is_not(False) & _models.c.stopped_for.is_(None)
SHADOWED: Final = "an upload has the same slug; the folder of MODELS_DIR is sold, the upload is not"
READ_AGAIN: Final = timedelta(seconds=15)  # after a store of files that was away
TRY_AGAIN: Final = "mend that, then tap “🔁 Try it again” on its card in the chat: /admin, models"


class ModelNotOnSale(ShopError):
    message = N_("This model is not on sale now. Please choose another one.")


class ModelStopped(ModelNotOnSale):
    """It failed several times in a row and waits for an admin."""

    message = N_("This model has failed several times in a row, so it is not sold until that is mended.")


class ModelResting(ShopError):
    """The server that runs it is away, or fails. It will be back by itself."""

    message = N_("This model is resting: its server does not work now. Nothing was charged; please try again later.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLimit:
    """So many that a plan paid for are used up, until `renews_at`; the next plan, if any, pays for `next_amount`."""

    unit: AllowanceUnit
    amount: int
    renews_at: datetime
    next_title: JsonObject | None = None
    next_amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model, or a preset of one, as it is sold now; `price` in hundredths of a credit. `plan_lefts`: so many
    each allowance of the plan of whoever looks at it pays for, in the order in which they are used; none where it pays
    for none, or nobody asked. `plan_limit`: it did, this period."""

    slug: str
    manifest: Manifest
    title: Text | JsonObject
    icon: str
    price: int
    position: int
    resting: bool = False  # its server is away: it cannot be bought now
    category: JsonObject | None = None  # of a preset: it stands in the gallery, not among the models
    preset_id: int | None = None
    preset_inputs: JsonObject | None = None
    prompt: str | None = None  # of an assistant's preset: told in the place of its `system`
    plan_lefts: tuple[int, ...] = ()
    plan_limit: PlanLimit | None = None
    draft: UUID | None = None  # a version that is tried: nobody buys it

    @property
    def plan_left(self) -> int | None:
        """So many more of the allowance that the next one is taken from."""
        return next(iter(self.plan_lefts), None)

    def price_of(self, count: int) -> int:
        """Of so many one after the other, for whoever looks at it."""
        return 0 if self.plan_lefts and sum(self.plan_lefts) >= count else self.price * count

    def plan_left_for(self, rows: int) -> int | None:
        """Of the allowance that pays for all these rows of a table: two never share one."""
        return next((left for left in self.plan_lefts if left >= rows), None)

    def price_of_rows(self, rows: int) -> int:
        """Of a table, for whoever looks at it."""
        return self.price * rows if self.plan_left_for(rows) is None else 0


class Uploads(Protocol):
    """What was sent to the shop and is on sale."""

    async def state(self) -> object:
        """Another one where something else is on sale, or is called otherwise."""

    async def removed(self) -> Mapping[str, Manifest]:
        """Of what has left the shop, by slug."""

    async def published(self) -> tuple[Mapping[str, tuple[Manifest, Path]], Sequence[FolderProblem]]:
        """Manifest and folder by slug, and what is wrong with the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """All there is to sell, by slug, and what is wrong with the rest."""

    manifests: dict[str, Manifest]
    folders: dict[str, Path]
    problems: list[FolderProblem]


class Models:
    """The catalogue. Manifests are read at start and kept; prices and switches are read from the database. `on_changed`
    is called when the folders are not as they were written down. `uploads`: sold beside the folders; a folder of the
    same slug wins."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        folder: Path,
        specs: Specs = SPECS,
        *,
        uploads: Uploads | None = None,
        on_changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._folder = folder
        self._uploads = uploads
        self._folders: dict[str, Path] = {}
        self._specs = specs
        self._on_changed = on_changed
        self._manifests: dict[str, Manifest] = {}
        self._just_read: _Read | None = None
        self._of_folders: Folders = ({}, [])
        self._uploads_read: object = None
        self._again_at: datetime | None = None
        self._removed: Mapping[str, Manifest] = {}
        self._reading = asyncio.Lock()
        self.problems: Sequence[FolderProblem] = ()
        """Folders that this process could not put on sale when it read them last."""

    async def recall(self) -> bool:
        """Read all folders before any model is loaded. Where they are what was written down last, and that was well,
        all of them are on sale from now on; else nothing is before `sync`."""
        read = self._just_read = await self._read()
        if read.problems or not await self._db.read(_is_on_record, read.manifests):
            return False
        self._manifests, self._folders = read.manifests, read.folders
        return True

    async def sync(self, engine: Engine | None = None) -> list[FolderProblem]:
        """Read all folders, load their models into `engine` where there is one, and write down what is found. A folder
        with a problem is not sold; the rest is."""
        return await self._write(await self.read_again(engine))

    async def sync_uploads(self, engine: Engine) -> list[FolderProblem]:
        """As `sync`, with the folders as they were read last: what could not be read is gone in the books."""
        return await self._write(await self.read_uploads(engine))

    async def _write(self, problems: list[FolderProblem]) -> list[FolderProblem]:
        presets, wrong = await asyncio.to_thread(read_all_presets, self._folder, self._manifests)
        changed, taken = await self._db.write(_write_down, self._manifests, problems, presets, self._clock())
        if changed:
            self._on_changed()
        return [*problems, *wrong, *map(_slug_taken, taken)]

    async def sync_new(self) -> list[FolderProblem]:
        """As `sync`, where no models are loaded: what is known stays as whoever loads it has written it down."""
        problems = await self.read_again()
        if await self._db.write(_write_down_new, self._manifests, self._clock()):
            self._on_changed()
        return problems

    async def read_again(self, engine: Engine | None = None) -> list[FolderProblem]:
        """As `sync`, where another process has written it down: its folders may be other ones than ours for a while."""
        async with self._reading:
            read = self._just_read or await self._read()
            self._just_read = None
            return await self._take(read, engine)

    async def read_uploads(self, engine: Engine | None = None) -> list[FolderProblem]:
        """As `read_again`, where nothing but an upload has changed: the folders are as they were read last."""
        async with self._reading:
            return await self._take(await self._with_uploads(self._of_folders), engine)

    def is_to_be_read_again(self) -> bool:
        """Something could not be read for a reason that passes, some time ago."""
        return self._again_at is not None and self._again_at <= self._clock()

    async def has_other_uploads(self) -> bool:
        """Whether something else is on sale than was read last."""
        return self._uploads is not None and await self._uploads.state() != self._uploads_read

    async def _take(self, read: _Read, engine: Engine | None) -> list[FolderProblem]:
        """Load what is new of it, and sell it."""
        found, problems = read.manifests, read.problems
        for slug, manifest in list(found.items()):
            if engine is None or engine.manifest(slug) == manifest:
                continue
            try:
                await engine.load(manifest, read.folders[slug])
            except Exception as error:  # noqa: BLE001 - it is told, and the others are sold
                del found[slug]
                problems.append(folder_problem(slug, error))
        self._manifests, self._folders, self.problems = found, read.folders, tuple(problems)
        self._again_at = self._clock() + READ_AGAIN if any(each.passing for each in problems) else None
        return problems

    async def _read(self) -> _Read:
        self._of_folders = await asyncio.to_thread(read_folders, self._folder, self._specs)
        return await self._with_uploads(self._of_folders)

    async def _with_uploads(self, of_folders: Folders) -> _Read:
        found, problems = dict(of_folders[0]), list(of_folders[1])
        folders = {slug: self._folder / slug for slug in found}
        uploads: Mapping[str, tuple[Manifest, Path]] = {}
        wrong: Sequence[FolderProblem] = ()
        if self._uploads is not None:
            self._uploads_read = await self._uploads.state()
            uploads, wrong = await self._uploads.published()
            self._removed = await self._uploads.removed()
        for slug, (manifest, folder) in uploads.items():
            if slug in found:
                problems.append(FolderProblem(slug=slug, text=SHADOWED))
            else:
                found[slug], folders[slug] = manifest, folder
        return _Read(manifests=found, folders=folders, problems=[*problems, *wrong])

    def folder(self, slug: str) -> Path:
        return self._folders.get(slug, self._folder / slug)

    def manifest(self, slug: str) -> Manifest | None:
        """Also of a model that is not sold any more, while its folder is there, or where it was an upload."""
        return self._manifests.get(slug) or self._removed.get(slug)

    @property
    def manifests(self) -> Collection[Manifest]:
        """Of all models whose folders are there, on sale or not."""
        return self._manifests.values()

    async def preset_inputs(self, preset_id: int | None) -> JsonObject:
        """What this preset answers by itself, on sale or not; nothing where there is none."""
        row = None if preset_id is None else await self._db.read(_preset, preset_id)
        manifest = None if row is None else self._manifests.get(row.model_slug)
        return {} if row is None or manifest is None else given_inputs(manifest, row.inputs, row.prompt)

    async def offers(self) -> list[Offer]:
        """What has a form, in the order of the menu."""
        return [offer for offer in await self.sold() if not offer.manifest.is_assistant]

    async def assistants(self) -> list[Offer]:
        """What is talked to, its presets (personas) too, in the same order."""
        return [offer for offer in await self.sold() if offer.manifest.is_assistant]

    async def sold(self) -> list[Offer]:
        """Everything on sale, in the order of the menu."""
        rows, presets = await self._db.read(_on_sale)
        by_slug = {row.slug: offer for row in rows if (offer := self._offer(row)) is not None}
        sold = [
            *by_slug.values(),
            *(_preset_offer(by_slug[p.model_slug], p) for p in presets if p.model_slug in by_slug),
        ]
        return sorted(sold, key=lambda offer: (offer.position, offer.slug))

    async def offer(self, slug: str) -> Offer:
        """A model or a preset with a form, by its slug. Raises `ModelNotOnSale`, `ModelStopped`."""
        return await self._named(slug, assistants=(False,))

    async def assistant(self, slug: str) -> Offer:
        """An assistant or a persona by its slug. Raises as `offer` does."""
        return await self._named(slug, assistants=(True,))

    async def any_offer(self, slug: str) -> Offer:
        """Whatever is sold by this slug. Raises as `offer` does."""
        return await self._named(slug, assistants=(False, True))

    async def _named(self, slug: str, *, assistants: Collection[bool]) -> Offer:
        """The others are not read: every sale asks."""
        row = await self._db.read(_named, slug)
        model = None if row is None else self._offer(row)
        if row is not None and model is not None and model.manifest.is_assistant in assistants:
            return model if row.preset_id is None else _preset_offer(model, row)
        raise ModelStopped(slug=slug) if await self._db.read(_is_stopped, slug) else ModelNotOnSale(slug=slug)

    async def tell_owners(self, owners: Sequence[int], problems: Sequence[FolderProblem]) -> None:
        """One message about each new problem to each owner; `problems` are all there are."""
        await self._db.write(_tell, list(owners), list(problems), self._clock())

    def _offer(self, row: AnyRow) -> Offer | None:
        manifest = self._manifests.get(row.slug)
        if manifest is None:
            return None
        position = row.manifest_position if row.admin_position is None else row.admin_position
        resting = row.resting_since is not None
        return Offer(
            slug=row.slug,
            manifest=manifest,
            title=manifest.title,
            icon=manifest.icon,
            price=price_of(row),
            position=position,
            resting=resting,
        )


def price_of(row: AnyRow) -> int:
    price: int = row.manifest_price if row.admin_price is None else row.admin_price
    return price


def _preset_offer(model: Offer, row: AnyRow) -> Offer:
    return Offer(
        slug=row.preset_slug,
        manifest=model.manifest,
        price=model.price if row.price is None else row.price,
        position=row.position,
        resting=model.resting,
        title=row.title,
        category=row.category,
        icon=row.icon or model.icon,
        preset_id=row.preset_id,
        preset_inputs=given_inputs(model.manifest, row.inputs, row.prompt),
        prompt=row.prompt if model.manifest.is_assistant else None,
    )


_KNOWN: Final = (_models.c.slug, _models.c.sha256, _models.c.written, _models.c.next_try_at)
_AWAKE: Final = {"resting_since": None, "resting_for": None, "next_try_at": None, "rests": 0}


def _write_down(
    session: Session,
    found: dict[str, Manifest],
    problems: list[FolderProblem],
    presets: dict[str, list[PresetDraft]],
    now: datetime,
) -> tuple[bool, list[SlugTaken]]:
    """Whether anything is not as it was, and which presets were left out."""
    before = _on_record(session)
    session.execute(update(_models).where(_models.c.slug.not_in(list(found))).values(present=False, updated_at=now))
    for problem in problems:
        session.execute(update(_models).where(_models.c.slug == problem.slug).values(problem=problem.text))
    known = {row.slug: row for row in session.execute(select(*_KNOWN))}
    for slug, manifest in found.items():
        columns = columns_of(manifest, now)
        if (row := known.get(slug)) is not None and _is_another(row, manifest):
            columns |= {"failures": 0, "stopped_for": None}  # they tell nothing of it
            if row.next_try_at is not None:
                columns |= {"rests": 0, "next_try_at": now}
        if not isinstance(manifest.runtime, RemoteSpec):
            columns |= _AWAKE  # nobody would look at a server for it any more
        insert = insert_into(session, _models).values(slug=slug, created_at=now, **columns)
        session.execute(insert.on_conflict_do_update(index_elements=["slug"], set_=columns))
    taken = sync_presets(session, presets, now)
    return _on_record(session) != before, taken


def _write_down_new(session: Session, found: dict[str, Manifest], now: datetime) -> bool:
    """Whether there was anything new."""
    before = _on_record(session)
    for slug, manifest in found.items():
        insert = insert_into(session, _models).values(slug=slug, created_at=now, **columns_of(manifest, now))
        session.execute(insert.on_conflict_do_nothing(index_elements=["slug"]))
    return _on_record(session) != before


def _on_record(session: Session) -> dict[str, tuple[JsonObject, str, bool]]:
    """The manifest of each model, its file, and whether its folder is there."""
    rows = session.execute(select(_models.c.slug, _models.c.manifest, _models.c.sha256, _models.c.present))
    return {row.slug: (row.manifest, row.sha256, row.present) for row in rows}


def _is_on_record(session: Session, found: dict[str, Manifest]) -> bool:
    """Whether all of these, and no others, were there and could be sold, and none has been changed by its author."""
    columns = (_models.c.slug, _models.c.sha256, _models.c.written, _models.c.manifest, _models.c.problem)
    rows = {row.slug: row for row in session.execute(select(*columns).where(_models.c.present))}
    return rows.keys() == found.keys() and all(
        rows[slug].problem is None
        and rows[slug].manifest == manifest.model_dump(mode="json")
        and not _is_another(rows[slug], manifest)
        for slug, manifest in found.items()
    )


def _is_another(row: AnyRow, manifest: Manifest) -> bool:
    """Whether its author has changed it: the file, or what the manifest says. How this version of the shop understands
    a manifest does not count."""
    written = manifest.written if row.written is None else row.written  # of a shop that did not keep it
    return bool(row.sha256 != manifest.runtime.fingerprint or written != manifest.written)


# Built once: every sale asks for one, every menu for all.
_of_model: Final = (
    _models.c.slug,
    _models.c.manifest_price,
    _models.c.admin_price,
    _models.c.manifest_position,
    _models.c.admin_position,
    _models.c.resting_since,
)
_of_preset: Final = (
    _presets.c.id.label("preset_id"),
    _presets.c.slug.label("preset_slug"),
    _presets.c.model_slug,
    _presets.c.title,
    _presets.c.category,
    _presets.c.icon,
    _presets.c.inputs,
    _presets.c.prompt,
    _presets.c.price,
    _presets.c.position,
)
_all_models = select(*_of_model).where(ON_SALE)
_all_presets = select(*_of_preset).where(_presets.c.enabled)
_one_preset = (_presets.c.slug == bindparam("named")) & _presets.c.enabled
_one = (
    select(*_of_model, *_of_preset)
    .select_from(_models.outerjoin(_presets, _one_preset))
    .where(
        ON_SALE,
        _models.c.slug
        == func.coalesce(select(_presets.c.model_slug).where(_one_preset).scalar_subquery(), bindparam("named")),
    )
)


def _on_sale(session: Session) -> tuple[Sequence[AnyRow], Sequence[AnyRow]]:
    connection = session.connection()
    return connection.execute(_all_models).all(), connection.execute(_all_presets).all()


def _named(session: Session, slug: str) -> AnyRow | None:
    """A model by its slug, or the model of a preset by the preset's, with that preset."""
    return session.connection().execute(_one, {"named": slug}).first()


def _slug_taken(preset: SlugTaken) -> FolderProblem:
    text = f'{PRESETS}: presets.{preset.slug}: a style of the model "{preset.holder}" has this slug, so it is not sold'
    return FolderProblem(slug=preset.model_slug, text=text)


def _preset(session: Session, preset_id: int) -> AnyRow | None:
    return session.execute(select(_presets).where(_presets.c.id == preset_id)).first()


def stopped(session: Session) -> dict[str, str]:
    """What was stopped after failures in a row, and the last of those, by slug."""
    columns = select(_models.c.slug, _models.c.stopped_for)
    rows = session.execute(columns.where(_models.c.present, _models.c.stopped_for.is_not(None)))
    return {row.slug: row.stopped_for for row in rows}


def _is_stopped(session: Session, slug: str) -> bool:
    """Of a model, or of the model of a preset."""
    of_preset = select(_presets.c.model_slug).where(_presets.c.slug == slug, _presets.c.enabled).scalar_subquery()
    stopped = _models.c.present & _models.c.admin_enabled.is_not(False) & _models.c.stopped_for.is_not(None)
    named = (_models.c.slug == slug) | (_models.c.slug == of_preset)
    return session.execute(select(_models.c.slug).where(stopped, named)).first() is not None


def _tell(session: Session, owners: list[int], problems: list[FolderProblem], now: datetime) -> None:
    forget_news(session, "model:")
    for problem in problems:
        tell_owners(session, owners, ModelNotLoaded(slug=problem.slug, problem=problem.text), now=now)
