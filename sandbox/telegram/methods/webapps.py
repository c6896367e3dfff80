"""answerWebAppQuery."""

from sandbox.telegram.acts import post
from sandbox.telegram.errors import BadRequest
from sandbox.telegram.methods.base import Call
from sandbox.telegram.methods.content import inline_keyboard, message_text
from sandbox.telegram.types.params import AnswerWebAppQuery
from sandbox.telegram.wire import JsonObject


async def answer_web_app_query(call: Call, params: AnswerWebAppQuery) -> JsonObject:
    """A message of the person's, sent by way of the bot, which is told of it as of any other."""
    world = call.world
    said = params.result.input_message_content
    content = message_text(world, said.message_text, said.parse_mode, said.entities)
    person = world.people.get(world.webapps.take_query(params.web_app_query_id, world.clock.now()))
    if person is None:
        raise BadRequest("chat not found")
    keyboard = inline_keyboard(params.result.reply_markup)
    message = post(world, person, {"via_bot": world.bot(), **content, **keyboard})
    return {"inline_message_id": f"AgAAA{message.id}"} if keyboard else {}
