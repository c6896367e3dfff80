"""Reads Telegram's JSON with types that may be older than it: what they refuse is left out, the rest is read."""

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Generic, TypeVar

from pydantic import ValidationError

Json = dict[str, Any]  # Any: JSON
Path = tuple[str | int, ...]
T = TypeVar("T")

ROUNDS = 50  # each goes one level up; Telegram's objects are some ten levels deep
FIELDS = 10  # named in the log
BRANCH: Final = "InaccessibleMessage"  # the types try it for every message: its refusals say nothing about a whole one
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_unnumbered = count(-1, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed(Generic[T]):
    """`refused`: dotted names of the fields that the types did not take, without their values."""

    value: T
    refused: tuple[str, ...] = ()


def clean(value: Any) -> Any:  # Any: JSON
    """The same with half surrogates and NULs, which neither a database nor Telegram takes, replaced in every text."""
    match value:
        case str():
            return _UNWRITABLE.sub("\ufffd", value)
        case list():
            return [clean(each) for each in value]
        case dict():
            return {key: clean(each) for key, each in value.items()}
    return value


def read_leniently(raw: Json, read: Callable[[Json], T]) -> Parsed[T]:
    """`read` the object. Where it is refused, what lies deepest is left out first, then what cannot be without it; of
    senders, chats and the like the essentials stay. Raises ValidationError where nothing readable is left."""
    try:
        return Parsed(value=read(raw))
    except ValidationError as error:
        first = error
    raw = deepcopy(raw)
    refusal = first
    for _ in range(ROUNDS):
        if not _give_way(raw, refusal):
            break
        try:
            return Parsed(value=read(raw), refused=fields_of(first))
        except ValidationError as error:
            refusal = error
    raise first


def fields_of(error: ValidationError) -> tuple[str, ...]:
    names = {".".join(map(str, each["loc"])) for each in _details(error)}
    return tuple(sorted(names))[:FIELDS]


def _details(error: ValidationError) -> Sequence[Any]:  # Any: pydantic's own dicts
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [each for each in found if BRANCH not in each["loc"]] or found


def _give_way(raw: Json, refusal: ValidationError) -> bool:
    """Replace or leave out what was refused; whether anything changed."""
    places = {_place(raw, each["loc"], missing=each["type"] == "missing") for each in _details(refusal)}
    deepest = [path for path in places if not any(path != other and other[: len(path)] == path for other in places)]
    changed = False
    for path in sorted(deepest, key=_order, reverse=True):
        changed = _mend(raw, path) or changed
    return changed


def _place(raw: Any, loc: Path, *, missing: bool) -> Path:  # Any: JSON
    """Where in the object the refusal lies; the types' names for branches of unions are no part of it."""
    path: list[str | int] = []
    for step in loc:
        if _has(raw, step):
            raw = raw[step]
            path.append(step)
    if missing and loc and isinstance(raw, dict) and _essential(loc[-1], None, raw) is not None:
        path.append(loc[-1])
    return tuple(path)


def _mend(raw: Any, path: Path) -> bool:  # Any: JSON
    if not path:
        return False
    *above, last = path
    for step in above:
        raw = raw[step]
    old = raw[last] if _has(raw, last) else None
    new = _essential(last, old, raw)
    if new is not None and new != old:
        raw[last] = new
    elif _has(raw, last):
        del raw[last]
    return True


def _order(path: Path) -> list[tuple[str, int]]:
    """Later places of a list come later."""
    return [("", step) if isinstance(step, int) else (step, 0) for step in path]


def _has(raw: Any, step: str | int) -> bool:  # Any: JSON
    return step in raw if isinstance(raw, dict) else isinstance(raw, list) and step in range(len(raw))


def _essential(name: str | int, value: Any, around: Any) -> Any:  # Any: JSON
    """The least that a field can be, of what it is and what stands around it; None where it cannot be at all."""
    make = ESSENTIALS.get(name)
    return None if make is None else make(value, around)


def _person(value: Any) -> Json | None:  # Any: JSON
    if (number := _id(value)) is None:
        return None
    words = {name: value[name] for name in ("username", "language_code") if isinstance(value.get(name), str)}
    name = value.get("first_name")
    bot = value.get("is_bot") is True
    return {"id": number, "is_bot": bot, "first_name": name if isinstance(name, str) else "", **words}


def _chat(value: Any) -> Json | None:  # Any: JSON
    if (number := _id(value)) is None:
        return None
    kind = value.get("type")
    return {"id": number, "type": kind if isinstance(kind, str) else "private" if number > 0 else "group"}


def _chat_around(value: Any, around: Any) -> Json | None:  # Any: JSON
    """Who writes can be answered in private, where they did not write somewhere else."""
    elsewhere = isinstance(value, dict) and value.get("type", "private") != "private"
    return None if elsewhere else _chat(_sender(around))


def _member(value: Any, around: Any) -> Json | None:  # Any: JSON
    """Whether they can be written to is all that counts."""
    if not isinstance(value, dict):
        return None
    user = _person(value.get("user")) or _person(_sender(around))
    gone = value.get("status") in {"kicked", "left"} or value.get("is_member") is False
    return user and {"status": "left" if gone else "member", "user": user}


def _private(around: Any) -> Any:  # Any: JSON
    """The chat, where it stands for one person."""
    chat = around.get("chat") if isinstance(around, dict) else None
    return chat if isinstance(chat, dict) and chat.get("type") == "private" else None


def _sender(around: Any) -> Any:  # Any: JSON
    return around.get("from") if isinstance(around, dict) else None


def _id(value: Any) -> int | None:  # Any: JSON
    number = value.get("id") if isinstance(value, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


ESSENTIALS: Final[dict[str | int, Callable[[Any, Any], Any]]] = {
    "from": lambda value, around: _person(value) or _person(_private(around)),
    "user": lambda value, around: _person(value) or _person(_private(around)),
    "chat": lambda value, around: _chat(value) or _chat_around(value, around),
    "new_chat_member": _member,
    "old_chat_member": _member,
    "date": lambda value, around: 0,
    "message_id": lambda value, around: 0,
    "chat_instance": lambda value, around: "",
    "provider_payment_charge_id": lambda value, around: "",
    "update_id": lambda value, around: next(_unnumbered),
}
