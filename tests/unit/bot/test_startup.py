"""Types that are built on first use are the same as those that aiogram builds at import."""

import subprocess
import sys

import pytest

COMPLETE = """
from bot.startup import import_aiogram
import_aiogram()
from pydantic import BaseModel
from aiogram import methods, types
from aiogram.types import Update
assert not Update.__pydantic_complete__, "nothing was put off"
every = [getattr(module, name) for module in (types, methods) for name in module.__all__]
models = [kind for kind in every if isinstance(kind, type) and issubclass(kind, BaseModel)]
assert len(models) > 400
for model in models:
    model.model_rebuild()
assert all(model.__pydantic_complete__ for model in models)
assert "model_rebuild" in BaseModel.__dict__ and BaseModel.__dict__["model_rebuild"].__module__ == "pydantic.main"
"""

USED = """
import sys
if sys.argv[1] == "late":
    from bot.startup import import_aiogram
    import_aiogram()
from aiogram.methods import EditMessageMedia, SendMessage
from aiogram.methods.base import Response
from aiogram.types import InputMediaPhoto, Message, Update
chat = {"id": 1, "type": "private"}
photo = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 2}
keyboard = {"inline_keyboard": [[{"text": "b", "callback_data": "c"}]]}
old = {"message_id": 1, "date": 5, "chat": chat, "text": "x", "reply_markup": keyboard}
new = {"message_id": 2, "date": 0, "chat": chat, "photo": [photo], "reply_to_message": old, "caption": "y"}
anna = {"id": 1, "is_bot": False, "first_name": "Anna"}
query = {"id": "1", "from": anna, "chat_instance": "i", "message": {**old, "date": 0}}
for update in ({"update_id": 1, "message": new}, {"update_id": 2, "callback_query": query}):
    print(repr(Update.model_validate(update)))
print(repr(Response[Message].model_validate({"ok": True, "result": new})))
print(SendMessage(chat_id=1, text="x").model_dump(exclude_none=True).keys())
print(EditMessageMedia(media=InputMediaPhoto(media="f"), chat_id=1).model_dump(exclude_none=True)["media"]["type"])
try:
    SendMessage(chat_id=1)
except Exception as error:
    print(error)
"""


@pytest.mark.slow
def test_every_type_can_be_built() -> None:
    _run(COMPLETE)


@pytest.mark.slow
def test_they_read_and_write_the_same() -> None:
    late = _run(USED, "late")
    assert late == _run(USED, "early")
    assert "reply_to_message=Message" in late


def _run(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
