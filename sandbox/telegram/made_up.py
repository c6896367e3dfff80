"""Messages that people send without a file at hand: made-up content of the kinds that a bot must survive."""

import random
from typing import Literal

from sandbox.ogg import silence
from sandbox.telegram.files import Upload
from sandbox.telegram.people import Person
from sandbox.telegram.wire import JsonObject
from sandbox.telegram.world import World

MadeUpKind = Literal["sticker", "voice", "location", "contact", "dice"]

_SECONDS = 3
_STICKER = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(28)


def made_up(world: World, person: Person, kind: MadeUpKind) -> JsonObject:
    """The field of the Message that holds it."""
    if kind == "sticker":
        extra = {
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": "🦊",
        }
        upload = Upload(data=_STICKER, name="sticker.webp", mime_type="image/webp")
        return {"sticker": world.files.add("sticker", upload, extra).content}
    if kind == "voice":
        upload = Upload(data=silence(_SECONDS), name="voice.ogg", mime_type="audio/ogg")
        return {"voice": world.files.add("voice", upload, {"duration": _SECONDS}).content}
    if kind == "location":
        return {"location": {"latitude": 55.751244, "longitude": 37.618423}}
    if kind == "contact":
        contact = {"phone_number": "79000000000", "first_name": person.first_name, "user_id": person.id}
        return {"contact": contact}
    return {"dice": {"emoji": "🎲", "value": random.randint(1, 6)}}  # noqa: S311 - a toy, not a secret
