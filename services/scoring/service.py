"""Tables as the shop's edges reach them: read, asked about, ordered, watched, wanted no more."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Final
from uuid import UUID, uuid4

from db.engine import Database
from db.tables.scorings import ScoringStatus
from services.clock import Clock
from services.files.files import Files
from services.manifests.characters import cleaned
from services.models.offers import Models, Offer
from services.pages import Page
from services.scoring import drafts, table_work
from services.scoring.answering import asked_fields, constants_of
from services.scoring.choosing import unanswered
from services.scoring.history import last_draft, older_of_user, page_of_user
from services.scoring.matching import Matching, heading_at, match
from services.scoring.queries import ScoringNotFound, ScoringView, look_at, unfinished
from services.scoring.settle import cancel
from services.scoring.source import NAME, SAMPLE, SourceFacts, Told, Wording
from services.scoring.stuck import stuck_tables
from services.scoring.submit import ModelChanged, Ordered, ScoringOrder, submit
from services.scoring.table_work import Say
from services.slices import Slice
from services.stuck import Stuck
from services.values.errors import NoRows
from services.values.intake import Intake, ReceivedFile

RAW: Final = "application/octet-stream"
Problems = list[tuple[int, str]]
"""Rows of the file and why they cannot be taken, in the words of when it was checked."""


class Scorings:
    """`on_ordered` is called after the commit, to wake whoever answers tables; `on_settled` when a message is ready to
    be sent. `say`: the words for what is wrong with a cell, in the customer's language."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        files: Files,
        intake: Intake,
        models: Models,
        *,
        on_ordered: Callable[[], None],
        on_settled: Callable[[], None],
    ) -> None:
        self._db, self._clock, self._files, self._intake, self._models = db, clock, files, intake, models
        self._on_ordered, self._on_settled = on_ordered, on_settled

    async def begin(
        self, offer: Offer, upload: ReceivedFile, *, name: str, user_id: int, wording: Wording, say: Say
    ) -> ScoringView:
        """A draft of the table that was sent; checked at once where it is clear which column is which. Of too many
        drafts the oldest goes. Raises a leaf of InvalidValue, StoreAway, AccountGone."""
        async with upload.turn() as fd:
            facts, matching = _facts(await table_work.look(fd), offer, name)
        async with upload.turn():
            content = await asyncio.to_thread(upload.file.read)
        await self._files.discard(await self._db.write(drafts.make_room, user_id))
        stored = await self._files.store(content, RAW)
        columns: dict[str, int | None] = dict(matching.columns)
        view = await self._db.write(
            drafts.add_draft,
            uuid4(),
            offer,
            stored,
            source=facts,
            columns=columns,
            wording=wording,
            user_id=user_id,
            now=self._clock(),
        )
        if matching.unclear:
            return view
        async with upload.turn() as fd:
            return await self._check(view, offer, fd, say)

    async def choose(
        self, scoring_id: UUID, offer: Offer, *, user_id: int, columns: Mapping[str, int | None], say: Say
    ) -> ScoringView:
        """Columns of inputs that were asked for, None for a default; after the last the table is checked. Raises as
        `begin`, `ScoringNotFound`, `BadColumns`, `ModelChanged`."""
        view = await self._db.write(drafts.choose_columns, scoring_id, offer, user_id=user_id, columns=columns)
        return view if unanswered(view, offer) else await self.check(view, offer, say)

    async def check(self, view: ScoringView, offer: Offer, say: Say) -> ScoringView:
        """Raises as `choose`."""
        _require_same(view, offer)
        content = await self._files.get(view.source_file_id, user_id=view.user_id)
        if content is None:
            raise ScoringNotFound(scoring_id=view.id)
        async with self._intake.upload(view.user_id) as upload:
            await asyncio.to_thread(upload.file.write, content)
            async with upload.turn() as fd:
                return await self._check(view, offer, fd, say)

    async def offer_of(self, view: ScoringView) -> Offer | None:
        """What a table is for, as it is sold now; None where it is not."""
        wanted, sold = (view.model_slug, view.preset_id), await self._models.offers()
        return next((each for each in sold if (each.manifest.slug, each.preset_id) == wanted), None)

    async def order(self, order: ScoringOrder) -> Ordered:
        """Raises what `submit` does; then nothing was charged."""
        view = await self.get(order.scoring_id, user_id=order.user_id)
        if not view.is_ordered and (offer := await self.offer_of(view)) is not None:
            _require_same(view, offer)
        ordered = await self._db.write(submit, order, self._clock())
        if not ordered.repeated:
            self._on_ordered()
        return ordered

    async def cancel(self, scoring_id: UUID, *, user_id: int) -> bool:
        """False where it has ended. Raises `ScoringNotFound`."""
        done = await self._db.write(cancel, scoring_id, user_id, self._clock())
        if done:
            self._on_settled()
        return done

    async def drop(self, scoring_id: UUID, *, user_id: int) -> None:
        """A draft that is not wanted."""
        await self._files.discard(await self._db.write(drafts.drop, scoring_id, user_id))

    async def drop_old_drafts(self) -> None:
        """What nobody has ordered for a day."""
        while await self._db.write(drafts.drop_old, self._clock()):
            pass

    async def get(self, scoring_id: UUID, *, user_id: int) -> ScoringView:
        """Raises `ScoringNotFound` for another user's too."""
        return await self._db.read(look_at, scoring_id, user_id)

    async def page(self, user_id: int, page: int, size: int) -> Page[ScoringView]:
        """What the user has ordered, newest first; a page past the end is the last one."""
        return await self._db.read(page_of_user, user_id, page, size)

    async def after(self, user_id: int, last: UUID | None, limit: int) -> Slice[ScoringView]:
        """The newest that the user has ordered, or those older than `last`. Raises `ScoringNotFound`."""
        return await self._db.read(older_of_user, user_id, last, limit)

    async def last_draft(self, user_id: int) -> ScoringView | None:
        """What the user can order, the newest."""
        return await self._db.read(last_draft, user_id)

    async def unfinished(self) -> list[ScoringView]:
        """Those of which a chat shows how they go."""
        return await self._db.read(unfinished)

    async def stuck(self) -> Stuck:
        """What was ordered and nobody gets on with."""
        return await self._db.read(stuck_tables, self._clock())

    async def problems(self, view: ScoringView) -> Problems:
        """Raises StoreAway."""
        file_id = view.problems_file_id
        content = None if file_id is None else await self._files.get(file_id, user_id=view.user_id)
        return [] if content is None else [(row, text) for row, text in json.loads(content)]

    async def result(self, view: ScoringView) -> bytes | None:
        """None where there is none, it was paid back, or it is not kept any more. Raises StoreAway."""
        file_id = view.result_file_id if view.status is ScoringStatus.SUCCEEDED else None
        return None if file_id is None else await self._files.get(file_id, user_id=view.user_id)

    async def _check(self, view: ScoringView, offer: Offer, fd: int, say: Say) -> ScoringView:
        columns = {name: column for name, column in view.columns.items() if column is not None}
        checked = await table_work.check(
            fd,
            offer.manifest.inputs,
            columns,
            constants_of(offer, view.columns),
            header_row=view.source.header_row,
            language=view.wording.language,
            say=say,
        )
        good = await self._files.store(checked.good, RAW)
        problems = await self._files.store(json.dumps(checked.problems, ensure_ascii=False).encode(), RAW)
        return await self._db.write(drafts.note_checked, view, good, problems, checked=checked, now=self._clock())


def _require_same(view: ScoringView, offer: Offer) -> None:
    """Raises ModelChanged."""
    if view.model_version != offer.manifest.version or not view.source.is_of(offer.manifest.questions_and_answers):
        raise ModelChanged(scoring_id=view.id)


def _facts(told: Told, offer: Offer, name: str) -> tuple[SourceFacts, Matching]:
    rows: list[tuple[int, list[str]]] = told["first"]
    if not rows:
        raise NoRows()
    fields = asked_fields(offer)
    at = heading_at(fields, [cells for _, cells in rows])
    number, first = rows[at]
    matching = match(fields, first)
    below = rows[at + matching.header :][:SAMPLE]
    facts = SourceFacts(
        name=PurePath(cleaned(name)).name[-NAME:] or "table",
        kind=told["kind"],
        delimiter=told["delimiter"],
        header_row=number if matching.header else 0,
        headings=tuple(first) if matching.header else ("",) * len(first),
        samples=tuple(tuple(cells) for _, cells in below),
        sheet=told["sheet"],
        others=told["others"],
        by_order=matching.by_order,
        form=offer.manifest.questions_and_answers,
    )
    return facts, matching


def result_name(view: ScoringView) -> str:
    """Of the file that comes back."""
    stem = PurePath(view.source.name).stem or view.model_slug
    return f"{stem[:60]}-{view.model_slug}.{'csv' if view.source.kind == 'csv' else 'xlsx'}"
