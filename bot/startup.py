"""aiogram builds the validators of all of Telegram's types when it is imported, most of them with all others inside:
a third of the time that a bot takes to start, and a hundred megabytes. A bot uses a few dozen of them. Here each is
built when it is first used: pydantic does so by itself with a model that is not complete; it only has to know the names
that aiogram's annotations mean."""

import gc
import sys
from typing import Any

from pydantic import BaseModel


def import_aiogram() -> None:
    """Import aiogram for the first time in this process. Where it has been imported already, nothing changes."""
    if "aiogram" in sys.modules:
        return
    original = BaseModel.__dict__["model_rebuild"]
    build = original.__func__
    names: dict[str, Any] = {}  # Any: classes, aliases and what else annotations name

    def postpone(
        cls: type[BaseModel], /, *, _types_namespace: dict[str, Any] | None = None, **options: Any
    ) -> bool | None:
        if _types_namespace is not None and cls.__module__.startswith("aiogram."):
            names.update(_types_namespace)
            return None
        result: bool | None = build(cls, _types_namespace=_types_namespace, **options)
        return result

    def build_now(cls: type[BaseModel], /, *, force: bool = False, raise_errors: bool = True, **_: Any) -> bool | None:
        result: bool | None = build(cls, force=force, raise_errors=raise_errors, _types_namespace=names)
        return result

    BaseModel.model_rebuild = classmethod(postpone)  # type: ignore[assignment, method-assign]  # for the import alone
    try:
        from aiogram.methods.base import Response, TelegramMethod
        from aiogram.types.base import TelegramObject
    finally:
        BaseModel.model_rebuild = original  # type: ignore[method-assign]  # as it was
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
