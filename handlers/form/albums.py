"""Pictures of one album: of a model that asks for one each is a prediction of its own, of another each answers a
question."""

from typing import Final

from aiogram.types import Message

from handlers.form.flow import image_wanted
from handlers.form.session import FormSession
from handlers.form.state import Turn
from handlers.form.uploads import keep_picture, picture_of
from handlers.telegram import sender
from services.errors import ShopError
from services.manifests.manifest import ImageInput

MOST_PICTURES: Final = 10


def wants_next(session: FormSession) -> bool:
    """Whether the next picture of an album answers the next question, of a form that asks for several."""
    several = sum(isinstance(field, ImageInput) for field in session.form.fields) > 1
    return several and session.state.asked is not None and image_wanted(session.form, session.state) is not None


async def _with_another(message: Message, session: FormSession) -> FormSession:
    """One more picture of the album that the form's own picture came from; each is a prediction of its own. The same
    where there is no room for it, or the form asks for several pictures. Raises what is wrong with the picture."""
    fields = [field for field in session.offer.manifest.inputs if isinstance(field, ImageInput)]
    source = picture_of(message)
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
