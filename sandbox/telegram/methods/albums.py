"""sendMediaGroup."""

from sandbox.telegram.errors import BadRequest
from sandbox.telegram.methods.base import Call
from sandbox.telegram.methods.content import document_file, message_caption, photo_file, reply_to
from sandbox.telegram.methods.sending import in_topic
from sandbox.telegram.types.objects import InputMediaPhoto
from sandbox.telegram.types.params import ALBUM, SendMediaGroup
from sandbox.telegram.wire import JsonObject


async def send_media_group(call: Call, params: SendMediaGroup) -> list[JsonObject]:
    world = call.world
    person = world.reach(params.chat_id)
    low, high = ALBUM
    if not low <= len(params.media) <= high:
        raise BadRequest("too many messages to send as an album" if len(params.media) > high else "album is too short")
    if len({each.type for each in params.media}) > 1:
        raise BadRequest("document can't be mixed with other media types")
    contents: list[JsonObject] = []
    for each in params.media:
        caption = message_caption(world, each.caption, each.parse_mode, each.caption_entities)
        read = photo_file if isinstance(each, InputMediaPhoto) else document_file
        stored = await read(call, each.media)
        contents.append({each.type: stored.content, **caption})
    replied = {**in_topic(person, params.message_thread_id), **reply_to(person, params.reply_parameters)}
    world.rate_limit.check(person.id)
    group = str(world.next_message_id() * 1_000_003)
    return [world.post(person, {**replied, "media_group_id": group, **each}).payload for each in contents]
