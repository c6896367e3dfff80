"""Names of files that are saved."""

import re
from typing import Final
from urllib.parse import quote

_PLAIN: Final = re.compile(r"[\w .,()-]{1,200}", re.ASCII)


def saved_as(name: str) -> str:
    """`Content-Disposition` (RFC 6266): whatever the name is written in."""
    if _PLAIN.fullmatch(name):
        return f'attachment; filename="{name}"'
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
