"""Columns of a table as a file of the store: what `numpy.savez` writes. What reads it runs nothing of it, and copies no
numbers."""

import io
import json
import math
import zipfile
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.inference.columns import AnswerColumns, Column

_TEXTS: Final = "texts:"
_FAILED: Final = ":failed"
_LOCAL_HEADER: Final = 30  # bytes in front of a member, its name and what is extra not counted


def pack(columns: Mapping[str, Column]) -> bytes:
    file = io.BytesIO()
    arrays = {
        (f"{_TEXTS}{name}" if isinstance(column, list) else name): (
            np.frombuffer(json.dumps(column).encode(), np.uint8) if isinstance(column, list) else column
        )
        for name, column in columns.items()
    }
    np.savez(file, **arrays)  # type: ignore[arg-type]  # a flag of it is a keyword, too
    return file.getvalue()


def unpack(content: bytes) -> dict[str, Column]:
    """The arrays lie in `content` itself and cannot be written to."""
    file, columns = io.BytesIO(content), dict[str, Column]()
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    for member in members:
        name, array = member.filename.removesuffix(".npy"), _array(content, member)
        text = name.startswith(_TEXTS)
        columns[name.removeprefix(_TEXTS)] = json.loads(array.tobytes()) if text else array
    return columns


def pack_answers(answers: AnswerColumns) -> bytes:
    return pack({**answers.columns, _FAILED: answers.failed})


def unpack_answers(content: bytes) -> AnswerColumns:
    columns = unpack(content)
    failed = np.asarray(columns.pop(_FAILED), np.bool_)
    return AnswerColumns(columns=columns, failed=failed)


def _array(content: bytes, member: zipfile.ZipInfo) -> NDArray[Any]:  # Any: element types differ between columns
    """Raises ValueError where it is not as `pack` writes it."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    file = io.BytesIO(content)
    file.seek(member.header_offset + _LOCAL_HEADER - 4)
    lengths = np.frombuffer(file.read(4), "<u2")
    file.seek(int(lengths.sum()), io.SEEK_CUR)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        raise ValueError(f"{member.filename} holds objects")
    flat = np.frombuffer(content, dtype, math.prod(shape), file.tell())
    return flat.reshape(shape, order="F" if fortran else "C")
