"""The answers of a form that was sent: read as the chat reads what is typed and sent there."""

import asyncio
from dataclasses import dataclass, replace
from typing import BinaryIO, Final
from uuid import UUID

from starlette.datastructures import FormData, UploadFile

from services.container import Services
from services.errors import ShopError
from services.files.files import media_type_of, parse_file_id
from services.manifests.manifest import (
    FileInput,
    ImageInput,
    ImagesInput,
    Input,
    SeriesInput,
    SoundInput,
    TableInput,
    TextInput,
)
from services.manifests.preparation import MAX_BYTES as MAX_PICTURE
from services.models.offers import Offer
from services.predictions.history import PredictionNotFound
from services.values.errors import (
    ColumnWanted,
    FileTooLarge,
    PictureNotKept,
    SoundNotKept,
    TooManyPictures,
    Unanswered,
)
from services.values.parse import Value, check_count, check_value, parse_text
from services.values.series import MAX_BYTES as MAX_TABLE
from services.values.series import Taken, take_series
from services.values.sounds import MAX_BYTES as MAX_SOUND
from services.values.sounds import MEDIA_TYPE as SOUND
from web.cabinet.entries import (
    BOUGHT,
    EXAMPLE,
    FILE,
    LIVE,
    OWN,
    Entries,
    FormEntry,
    entries_of,
    kept_as,
    kept_ids,
    lines_of,
    takes_albums,
)
from web.cabinet.paper_reader import read_paper

MOST_PICTURES: Final = 10  # at once
PIECE: Final = 256 * 1024
SHORT: Final = 8_000  # characters, as two messages of a chat


@dataclass(frozen=True, slots=True, kw_only=True)
class FormReader:
    """`data`: texts and files by name."""

    services: Services
    user_id: int
    offer: Offer
    data: FormData

    async def read(self, fields: list[Input]) -> Entries:
        """One after the other: of each customer one file at a time is looked at."""
        entries = entries_of(fields, self.data)
        return {field.name: await self._read(field, entries[field.name]) for field in fields}

    async def _read(self, field: Input, entry: FormEntry) -> FormEntry:
        try:
            match field:
                case ImageInput() | ImagesInput() | SoundInput():
                    return await self._sent(field, entry)
                case SeriesInput():
                    live = field.live and (entry.source == LIVE or (not entry.source and entry.ticker))
                    answered = read_paper(field, entry, self.services.live_answers, self.user_id) if live else None
                    return await (answered or self._series(field, entry))
                case TableInput():
                    return await self._lines(field, entry)
            if not entry.text.strip() and not (isinstance(field, TextInput) and field.min_length == 0):
                raise Unanswered()
            return replace(entry, value=parse_text(field, entry.text))
        except ShopError as problem:
            return replace(entry, problem=problem)

    async def _sent(self, field: FileInput, entry: FormEntry) -> FormEntry:
        match field:
            case ImageInput():
                return await self._picture(field, entry)
            case ImagesInput():
                return await self._pictures(field, entry)
        return await self._sound(field, entry)

    async def _picture(self, field: ImageInput, entry: FormEntry) -> FormEntry:
        if uploads := self._files(field):
            try:
                kept = [await self._keep(field, upload.file) for upload in self._album(uploads)]
            except ShopError as problem:  # what was there before does not answer for it
                return replace(entry, kept="", more=(), problem=problem)
            return replace(entry, kept=f"{FILE}{kept[0]}", more=kept[1:], value={"file": kept[0]})
        if entry.kept == EXAMPLE and field.example is not None:
            with (self.services.models.folder(self.offer.manifest.slug) / field.example).open("rb") as file:
                kept = [await self._keep(field, file)]
            return replace(entry, kept=f"{FILE}{kept[0]}", more=(), value={"file": kept[0]})
        if not entry.kept:
            raise Unanswered()
        file_id = entry.kept.removeprefix(FILE)
        known = await self.services.files.known([file_id, *entry.more], user_id=self.user_id)
        if known != {file_id, *entry.more} or len(known) > MOST_PICTURES:
            return replace(entry, kept="", more=(), problem=PictureNotKept())
        return replace(entry, value=check_value(field, {"file": UUID(file_id).hex}))

    async def _pictures(self, field: ImagesInput, entry: FormEntry) -> FormEntry:
        """Those that are ticked, and those that were chosen now."""
        told, uploads = kept_ids(entry.kept), self._files(field)
        if entry.kept == EXAMPLE and field.example is not None and not uploads:
            return await self._examples(field, entry)
        known = await self.services.files.known(told, user_id=self.user_id)
        kept, problem = [each for each in told if each in known], None
        try:
            if len(kept) + len(uploads) > field.max_count:
                raise TooManyPictures(max=field.max_count)
            for upload in uploads:
                kept.append(await self._keep(field, upload.file))  # noqa: PERF401 - what was kept before a bad one stays
            if not kept:
                raise PictureNotKept() if told else Unanswered()
            check_count(field, len(kept))
        except ShopError as wrong:
            problem = wrong
        value = check_value(field, {"files": kept}) if problem is None else None
        return replace(entry, kept=kept_as(kept[: field.max_count]), value=value, problem=problem)

    async def _examples(self, field: ImagesInput, entry: FormEntry) -> FormEntry:
        kept = []
        for name in field.example or ():
            with (self.services.models.folder(self.offer.manifest.slug) / name).open("rb") as file:
                kept.append(await self._keep(field, file))
        return replace(entry, kept=kept_as(kept), value=check_value(field, {"files": kept}))

    async def _sound(self, field: SoundInput, entry: FormEntry) -> FormEntry:
        if uploads := self._files(field):
            try:
                kept = await self._keep_sound(field, uploads[0].file)
            except ShopError as problem:
                return replace(entry, kept="", problem=problem)
            return replace(entry, kept=f"{FILE}{kept}", value={"file": kept})
        if entry.kept == EXAMPLE and field.example is not None:
            with (self.services.models.folder(self.offer.manifest.slug) / field.example).open("rb") as file:
                kept = await self._keep_sound(field, file)
            return replace(entry, kept=f"{FILE}{kept}", value={"file": kept})
        if not entry.kept:
            raise Unanswered()
        file_id = entry.kept.removeprefix(FILE)
        if await self.services.files.known([file_id], user_id=self.user_id) != {file_id}:
            return replace(entry, kept="", problem=SoundNotKept())
        return replace(entry, value=check_value(field, {"file": UUID(file_id).hex}))

    async def _keep_sound(self, field: SoundInput, file: BinaryIO) -> str:
        async with self.services.intake.upload(self.user_id) as received:
            await asyncio.to_thread(_copy, file, received.file, MAX_SOUND)
            sound = await received.sound(field)
        return (await self.services.files.put(self.user_id, sound, SOUND)).hex

    async def _keep(self, field: ImageInput | ImagesInput, file: BinaryIO) -> str:
        """The id of what is kept of it."""
        async with self.services.intake.upload(self.user_id) as received:
            await asyncio.to_thread(_copy, file, received.file, MAX_PICTURE)
            picture = await received.picture(field.prepare)
        return (await self.services.files.put(self.user_id, picture, media_type_of(picture))).hex

    def _album(self, uploads: list[UploadFile]) -> list[UploadFile]:
        """All of them where the model asks for one picture, as far as there is room."""
        return uploads[: MOST_PICTURES if takes_albums(self.offer) else 1]

    async def _series(self, field: SeriesInput, entry: FormEntry) -> FormEntry:
        if field.sources and entry.source not in ("", OWN):
            return replace(entry, value=parse_text(field, entry.source))
        entry = replace(entry, source=OWN if field.sources or field.live else "")
        if uploads := self._files(field):
            content = await asyncio.to_thread(_content, uploads[0].file, MAX_TABLE)
            return await self._table(field, replace(entry, text="", kept="", column=None), content)
        if entry.text.strip():
            return await self._pasted(field, entry)
        if entry.kept.startswith(BOUGHT):
            return replace(entry, value=await self._bought(field, entry.kept.removeprefix(BOUGHT)))
        file_id = parse_file_id(entry.kept.removeprefix(FILE)) if entry.kept else None
        kept = None if file_id is None else await self.services.files.get(file_id, user_id=self.user_id)
        if kept is None:
            return replace(entry, kept="", problem=Unanswered())
        return await self._table(field, entry, kept)

    async def _lines(self, field: TableInput, entry: FormEntry) -> FormEntry:
        """What was sent or pasted is read as a file is: in a process of its own."""
        if uploads := self._files(field):
            content = await asyncio.to_thread(_content, uploads[0].file, MAX_TABLE)
        elif entry.text.strip():
            content = entry.text.encode()
        elif entry.kept.startswith(BOUGHT):
            return replace(entry, value=await self._bought(field, entry.kept.removeprefix(BOUGHT)))
        elif entry.kept == EXAMPLE and field.example is not None:
            folder = self.services.models.folder(self.offer.manifest.slug)
            content = await asyncio.to_thread((folder / field.example).read_bytes)
        else:
            raise Unanswered()
        async with self.services.intake.upload(self.user_id) as received:
            received.file.write(content)
            value = await received.table(field)
        return replace(entry, kept="", text=lines_of(value), value=value)

    async def _pasted(self, field: SeriesInput, entry: FormEntry) -> FormEntry:
        """Much of it is looked at as a file is: in a process of its own."""
        try:
            if len(entry.text) > SHORT:
                taken = await self._numbers(field, entry.text.encode(), entry.column)
            else:
                taken = take_series(field, entry.text, column=entry.column)
        except ColumnWanted as wanted:
            return replace(entry, columns=wanted.columns, problem=wanted)
        return replace(entry, kept="", value=taken)

    async def _table(self, field: SeriesInput, entry: FormEntry, content: bytes) -> FormEntry:
        """What can be read is kept with the customer's files: the form may come back for another reason."""
        columns, problem, taken = entry.columns, None, None
        try:
            taken = await self._numbers(field, content, entry.column)
        except ColumnWanted as wanted:
            columns, problem = wanted.columns, wanted
        if not entry.kept:
            file_id = await self.services.files.put(self.user_id, content, "text/csv")
            entry = replace(entry, kept=f"{FILE}{file_id.hex}")
        return replace(entry, columns=columns, problem=problem, value=taken)

    async def _numbers(self, field: SeriesInput, content: bytes, column: int | None) -> Taken:
        async with self.services.intake.upload(self.user_id) as received:
            received.file.write(content)
            return await received.numbers(field, column=column)

    async def _bought(self, field: SeriesInput | TableInput, hex_id: str) -> Value:
        """Raises `PredictionNotFound`, for rubbish too."""
        prediction_id = parse_file_id(hex_id)
        if prediction_id is None:
            raise PredictionNotFound(prediction_id=hex_id)
        view = await self.services.history.get(prediction_id, user_id=self.user_id)
        return check_value(field, view.inputs.get(field.name))

    def _files(self, field: Input) -> list[UploadFile]:
        """Those that were chosen: there may be a field for files and one for the camera."""
        sent = self.data.getlist(field.name)
        return [each for each in sent if isinstance(each, UploadFile) and each.filename]


def _copy(file: BinaryIO, into: BinaryIO, limit: int) -> None:
    left = limit
    while piece := file.read(PIECE):
        left -= len(piece)
        if left < 0:
            raise FileTooLarge(megabytes=limit // 1_000_000)
        into.write(piece)


def _content(file: BinaryIO, limit: int) -> bytes:
    content = file.read(limit + 1)
    if len(content) > limit:
        raise FileTooLarge(megabytes=limit // 1_000_000)
    return content
