"""What was taken for granted of a graph, and why: printed by `models init`, and written beside the keys."""

import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

Entry: TypeAlias = dict[str, Any]  # a table of the manifest: text, numbers, lists, tables
REMARKS = "#"  # key of an entry: remarks beside its keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """`tensor` of the graph was taken for `what`, because of `why`; `guessed`: a person should look; `options` of
    `models init` settle it."""

    tensor: str
    what: str
    why: str
    guessed: bool = False
    options: str = ""

    def __str__(self) -> str:
        name = self.tensor if re.fullmatch(r"[\w./:-]+|…", self.tensor) else json.dumps(self.tensor, ensure_ascii=False)
        settled = f"; see {self.options}" if self.options else ""
        return f"{name}: {self.what} ({'guessed: ' if self.guessed else ''}{self.why}{settled})"


def remarked(entry: Entry, key: str, remark: str) -> Entry:
    """The entry with a comment beside one of its keys."""
    return {**entry, REMARKS: {**entry.get(REMARKS, {}), key: remark}}
