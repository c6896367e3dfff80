"""What a process that has looked at a stranger's file tells the shop: a line of JSON and bytes.

The file may have taken the process over, so nothing that it says is run, and all of it is compared with what may be
said.
"""

import json
import math
from array import array
from string import Formatter
from typing import TYPE_CHECKING, Any, Final

from services.values import errors
from services.values.errors import ColumnWanted, InvalidValue

if TYPE_CHECKING:  # a process that looks at a picture does without
    from services.values.series import Taken
    from services.values.table_values import TableValue

MAX_BYTES: Final = 16_000_000  # of an answer


class BrokenAnswer(ValueError):
    """Not what our own program says."""


def pack_picture(content: bytes) -> bytes:
    return _packed({"picture": len(content)}, content)


def pack_sound(content: bytes) -> bytes:
    return _packed({"sound": len(content)}, content)


def pack_numbers(taken: "Taken") -> bytes:
    told: dict[str, Any] = {} if isinstance(taken, list) else dict(taken)  # Any: JSON
    values = told.pop("values", taken)
    return _packed({"numbers": told}, array("d", values).tobytes())


def pack_table(table: "TableValue") -> bytes:
    return _packed({"table": table})


def pack_refusal(problem: InvalidValue) -> bytes:
    return _packed({"refusal": refusal_told(problem)})


def unpack(answer: bytes) -> "bytes | Taken | InvalidValue":
    """Raises `BrokenAnswer`."""
    head, _, body = answer.partition(b"\n")
    try:
        match json.loads(head):
            case {"picture": int(size)} | {"sound": int(size)} if size == len(body) > 0:
                return body
            case {"numbers": dict(told)}:
                return _numbers(told, body)
            case {"table": dict(table)} if not body:  # the shop compares it with the question
                return table
            case {"refusal": dict(told)} if not body:
                return refusal_of(told)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BrokenAnswer(type(error).__name__) from error
    raise BrokenAnswer("unknown")


def _packed(head: dict[str, Any], body: bytes = b"") -> bytes:  # Any: JSON
    return json.dumps(head).encode() + b"\n" + body


def _numbers(told: dict[str, Any], body: bytes) -> "Taken":  # Any: JSON
    from services.values.tables import MAX_VALUES

    values = array("d")
    values.frombytes(body)
    numbers = values.tolist()
    if not 0 < len(numbers) <= MAX_VALUES or not all(map(math.isfinite, numbers)):
        raise BrokenAnswer("numbers")
    column, rows = told.get("column", ""), told.get("rows", 1)
    if told.keys() - {"column", "rows"} or not (isinstance(column, str | int) and isinstance(rows, int)):
        raise BrokenAnswer("numbers")
    return {"values": numbers, **told} if told else numbers


def refusal_told(problem: InvalidValue) -> dict[str, Any]:  # Any: JSON
    if isinstance(problem, ColumnWanted):
        return {"error": ColumnWanted.__name__, "columns": [tuple(column) for column in problem.columns]}
    given = {
        name: refusal_told(each) if isinstance(each, InvalidValue) else each for name, each in problem.params.items()
    }
    return {"error": type(problem).__name__, "message": problem.message, "params": given}


def refusal_of(told: dict[str, Any]) -> InvalidValue:  # Any: JSON
    leaf = getattr(errors, told["error"], None)
    if leaf is ColumnWanted:
        return ColumnWanted(columns=[(int(number), str(heading)) for number, heading in told["columns"]])
    if not (isinstance(leaf, type) and issubclass(leaf, InvalidValue)) or leaf is errors.InvalidMember:
        raise BrokenAnswer("error")
    given = {name: _param(value) for name, value in told["params"].items()}
    _require_plain(told["message"], given)
    return leaf(told["message"], **given)


def _param(value: Any) -> str | int | float | InvalidValue:  # Any: JSON
    if isinstance(value, dict):
        return refusal_of(value)
    if isinstance(value, str | int | float):
        return value
    raise BrokenAnswer("params")


def _require_plain(message: str, params: dict[str, Any]) -> None:  # Any: as above
    """`str.format` reaches into what it is given: `{error.__init__.__globals__}`."""
    for _, name, how, conversion in Formatter().parse(message):
        if (name is not None and name not in params) or how or conversion:
            raise BrokenAnswer("message")
