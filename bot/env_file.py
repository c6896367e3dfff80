"""What `.env` and the environment give."""

import codecs
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from db.file_access import why_unreadable

UTF_8, UTF_16 = "utf-8-sig", "utf-16"


class BadEnvFile(Exception):
    """A file that cannot be read. One line says which and how to mend it."""


def without_blanks(
    values: Mapping[str, Any], *, except_for: Collection[str]
) -> dict[str, Any]:  # Any: as pydantic has it
    """An empty line is no setting, but for a few where nothing is a choice; spaces around a value are not meant."""
    trimmed = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in trimmed.items() if value not in ("", None) or name in except_for}


def encoding_of(file: Path) -> str:
    """How to read it; a file that is not there may be read in any way. Raises `BadEnvFile`."""
    if file.is_dir():
        raise BadEnvFile(f"{file} is a folder; it must be a file of lines such as BOT_TOKEN=…")
    if not file.is_file():
        return UTF_8
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadEnvFile(why_unreadable(file, error)) from None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _require(file, data, UTF_16)
    if b"\x00" in data:
        raise BadEnvFile(f"{file} is not text in UTF-8: save it as UTF-8")
    return _require(file, data, UTF_8)


def check_lines(file: Path, encoding: str) -> None:
    """Raises `BadEnvFile` for a line that is no setting: it would be left out in silence."""
    if not file.is_file():
        return
    with file.open(encoding=encoding) as stream:
        for binding in parse_stream(stream):
            if binding.error or (binding.key is not None and binding.value is None):
                wrong = f"{file}, line {binding.original.line}, is no setting"
                raise BadEnvFile(f"{wrong}: write NAME=value, and close a quote that is opened")


def variables_in(file: Path, encoding: str) -> dict[str, str]:
    """All that have a value; nothing of a file that is not there."""
    if not file.is_file():
        return {}
    return {name: value for name, value in dotenv_values(file, encoding=encoding).items() if value}


def misspelt(file: Path, known: Collection[str]) -> list[tuple[str, str]]:
    """Names in the file that nobody reads but that are nearly one that is, and that one. `known` in lower case."""
    if not file.is_file():
        return []
    with file.open(encoding=encoding_of(file)) as stream:
        names = [binding.key for binding in parse_stream(stream) if binding.key is not None]
    found = []
    for name in names:
        near = get_close_matches(name.lower(), known, n=1, cutoff=0.85)
        if name.lower() not in known and near:
            found.append((name, near[0].upper()))
    return found


def _require(file: Path, data: bytes, encoding: str) -> str:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadEnvFile(f"{file}, line {line}, is not in UTF-8 (in Windows-1251 perhaps): save it as UTF-8") from None
    return encoding
