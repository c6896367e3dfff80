"""A file that was sent as a table: fetched, read, shown as a draft."""

from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any, Final, Self

from aiogram.types import Document

from handlers.form.uploads import fetch
from handlers.kit.context import Context
from handlers.scoring import screens
from handlers.telegram import sender
from i18n.scorings import cell_words, wording_in
from services.errors import ShopError
from services.manifests.characters import cleaned
from services.models.offers import Offer
from services.values.sheets import MAX_BYTES

SUFFIXES: Final = frozenset({".csv", ".tsv", ".xlsx", ".xls", ".ods"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTable:
    """Telegram keeps the file, and hands it over again."""

    file_id: str
    name: str
    size: int | None

    @classmethod
    def of(cls, document: Document) -> Self:
        name = cleaned(document.file_name or "")
        return cls(file_id=document.file_id, name=name or "table", size=document.file_size)

    def dump(self) -> dict[str, Any]:  # Any: JSON
        return asdict(self)

    @classmethod
    def load(cls, told: object) -> Self | None:
        return cls(**told) if isinstance(told, dict) else None


def is_table_name(name: str | None) -> bool:
    return PurePath(name or "").suffix.lower() in SUFFIXES


async def read_table(sent: SentTable, offer: Offer, ctx: Context) -> None:
    """What is found in it is shown in a message of its own, which stays the table's."""
    shown = await sender.send(ctx.bot, ctx.chat_id, screens.reading_screen(ctx.tr))
    try:
        async with ctx.services.intake.upload(ctx.user.id) as upload:
            await fetch(ctx.bot, sent.file_id, size=sent.size, into=upload.file, limit=MAX_BYTES)
            view = await ctx.services.scorings.begin(
                offer,
                upload,
                name=sent.name,
                user_id=ctx.user.id,
                wording=wording_in(ctx.tr),
                say=cell_words(ctx.tr),
            )
    except ShopError as problem:
        screen = screens.refused_screen(offer, problem, ctx.tr)
    else:
        screen = screens.draft_screen(view, offer, ctx.viewer)
    if not await sender.edit(ctx.bot, ctx.chat_id, shown.message_id, screen):
        await sender.send(ctx.bot, ctx.chat_id, screen)
