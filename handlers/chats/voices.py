"""What is said aloud to an assistant that has ears: fetched from Telegram, measured, kept."""

import asyncio

from aiogram.types import Voice

from handlers.form.uploads import fetch
from handlers.kit.context import Context
from services.chats.voices import MAX_BYTES, MEDIA_TYPE, SentVoice, VoiceTooLong, spoken_seconds


async def keep_voice(source: Voice, ctx: Context, *, most: int) -> SentVoice:
    """`most` seconds are taken. Raises VoiceTooLong, before anything is fetched where Telegram tells it, FileTooLarge,
    NotASound, NotFetched, FilesClosed, StoreAway."""
    if source.duration > most:
        raise VoiceTooLong(seconds=most)
    async with ctx.services.intake.upload(ctx.user.id) as upload:
        await fetch(ctx.bot, source.file_id, size=source.file_size, into=upload.file, limit=MAX_BYTES)
        upload.file.seek(0)
        sound = await asyncio.to_thread(upload.file.read)
    seconds = await asyncio.to_thread(spoken_seconds, sound, most=most)
    return SentVoice(file_id=await ctx.services.files.put(ctx.user.id, sound, MEDIA_TYPE), seconds=seconds)
