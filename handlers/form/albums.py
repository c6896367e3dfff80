"""Pictures of one album: of a model that asks for one each is a prediction of its own, of another each answers a
question, or all together one."""

from collections.abc import Sequence
from typing import Final

from aiogram.types import Message

from handlers.form.session import FormSession
from handlers.form.state import Turn
from handlers.form.uploads import keep_picture, picture_of
from handlers.form.wanted import image_wanted
from handlers.telegram import sender
from services.errors import N_, ShopError
from services.manifests.manifest import ImageInput, ImagesInput, Input
from services.values.errors import InvalidValue, TooManyPictures
from services.values.kept_files import ids_in

MOST_PICTURES: Final = 10


class PictureTooLate(InvalidValue):
    message = N_("A picture came after Done and was left out. To add it, change that answer.")


def wants_next(session: FormSession) -> bool:
    """Whether the next picture of an album answers the next question, of a form that asks for several."""
    return (
        _takes_several(session.form.fields)
        and session.state.asked is not None
        and image_wanted(session.form, session.state) is not None
    )


def collects(session: FormSession, album: str | None) -> bool:
    """Whether a picture of this album is one more of those that answer one question: the screen is there already."""
    wanted = image_wanted(session.form, session.state)
    return album is not None and album == session.album and isinstance(wanted, ImagesInput)


def _takes_several(fields: Sequence[Input]) -> bool:
    lists = any(isinstance(field, ImagesInput) for field in fields)
    return lists or sum(isinstance(field, ImageInput) for field in fields) > 1


async def _with_another(message: Message, session: FormSession) -> FormSession:
    """One more picture of the album that the form's own picture came from; each is a prediction of its own. The same
    where there is no room for it, or the form asks for several pictures. Raises what is wrong with the picture."""
    inputs = session.offer.manifest.inputs
    fields = [field for field in inputs if isinstance(field, ImageInput)]
    source = picture_of(message)
    if (several := next((field for field in inputs if isinstance(field, ImagesInput)), None)) is not None:
        full = len(ids_in(session.state.answers.get(several.name))) >= several.max_count
        raise TooManyPictures(max=several.max_count) if full else PictureTooLate()
    if len(fields) != 1 or source is None or session.count >= MOST_PICTURES:
        return session
    file_id = await keep_picture(source, fields[0].prepare, session.ctx)
    return session.with_others((*session.others, file_id.hex))


async def show_another(message: Message, session: FormSession) -> None:
    """The first picture of an album has answered; the screen tells how many there are now."""
    try:
        more = await _with_another(message, session)
    except ShopError as problem:
        turn = Turn(state=session.state, problem=problem)
        more = session
    else:
        turn = Turn(state=session.state)
    if (more is session and turn.problem is None) or session.message_id is None:
        return
    await more.keep(turn, session.message_id)
    await sender.edit(session.ctx.bot, message.chat.id, session.message_id, more.screen(turn))
