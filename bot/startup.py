"""aiogram imports a class for everything that Telegram knows and builds its validators with all that it names inside: a
third of the time that a bot takes to start, and a hundred megabytes. A bot uses a few dozen of them. Here each is
imported when it is first asked for, and built when it is first used: pydantic does so by itself with a model that is
not complete; it only has to know the names that aiogram's annotations mean."""

import gc
import os
import sys
from typing import Any, Literal, Optional, Union

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look through all that is installed

from pydantic import BaseModel

from bot.late_types import AiogramNames, LateTypes


def import_aiogram() -> None:
    """Import aiogram for the first time in this process. Where it has been imported already, nothing changes."""
    if "aiogram" in sys.modules:
        return
    sys.meta_path.insert(0, LateTypes())
    original = BaseModel.__dict__["model_rebuild"]
    from aiogram.client.default import Default
    from aiogram.methods.base import Response, TelegramMethod
    from aiogram.types.base import TelegramObject

    names = AiogramNames({"Default": Default, "List": list, "Optional": Optional, "Union": Union, "Literal": Literal})

    def build_now(cls: type[BaseModel], /, *, force: bool = False, raise_errors: bool = True, **_: Any) -> bool | None:
        names.learn(cls)
        built: bool | None = original.__func__(
            cls, force=force, raise_errors=raise_errors, _types_namespace=names.known
        )
        return built

    bases: tuple[type[BaseModel], ...] = (TelegramObject, TelegramMethod, Response)
    for base in bases:
        base.model_rebuild = classmethod(build_now)  # type: ignore[assignment, method-assign]  # pydantic calls it by name


def import_quickly() -> None:
    """What a shop imports."""
    gc.disable()  # a fifth of the start goes into looking for garbage among what is there to stay
    import_aiogram()
    import bot.process  # noqa: F401 - with all that it needs

    gc.freeze()
    gc.enable()
