"""Voice messages and audio files that answer a question: fetched from Telegram, decoded, kept."""

from aiogram.types import Audio, Document, Message, Voice

from handlers.form.enclosed import answer_sound
from handlers.form.session import FormSession
from handlers.form.state import Turn
from handlers.form.uploads import fetch, is_picture
from handlers.form.wanted import sound_wanted
from services.errors import ShopError
from services.values.errors import SoundTooLong
from services.values.sounds import MAX_BYTES, MEDIA_TYPE, clock_time


async def take_sound(source: Voice | Audio | Document, session: FormSession) -> Turn:
    """What is too long by Telegram's own word is not even fetched."""
    ctx, field = session.ctx, sound_wanted(session.form, session.state)
    if field is None:
        return answer_sound(session.form, session.state, "")
    try:
        told = 0 if isinstance(source, Document) else source.duration
        if told > field.max_seconds + 1:
            raise SoundTooLong(given=clock_time(told), most=clock_time(field.max_seconds))
        async with ctx.services.intake.upload(ctx.user.id) as upload:
            await fetch(ctx.bot, source.file_id, size=source.file_size, into=upload.file, limit=MAX_BYTES)
            sound = await upload.sound(field)
        file_id = await ctx.services.files.put(ctx.user.id, sound, MEDIA_TYPE)
    except ShopError as problem:
        return Turn(state=session.state, problem=problem)
    return answer_sound(session.form, session.state, file_id.hex)


def sound_of(message: Message, session: FormSession) -> Voice | Audio | Document | None:
    """Where a sound is wanted any file may be one that is no picture."""
    document = message.document
    if document is not None and (is_picture(document) or sound_wanted(session.form, session.state) is None):
        document = None
    return message.voice or message.audio or document
