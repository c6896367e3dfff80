"""Characters that a model numbers, one a line: of a text that goes in, or of one that it reads off a picture."""

from pathlib import Path
from typing import Final

MAX_BYTES: Final = 2_000_000
MAX_CHARACTERS: Final = 100_000


class AlphabetUnreadable(Exception):
    """`str(error)` says what is wrong, `fix` what to do."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix


def read_alphabet(file: Path) -> list[str]:
    """A line may hold several characters, a space alone is one. Raises AlphabetUnreadable, OSError."""
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise AlphabetUnreadable(f"is over {MAX_BYTES // 1_000_000} MB", "Name the file that lists the characters")
    try:
        lines = content.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError:
        raise AlphabetUnreadable("is not UTF-8", "Save it as UTF-8") from None
    while lines and not lines[-1]:
        lines.pop()
    if blank := next((number for number, line in enumerate(lines, start=1) if not line), None):
        raise AlphabetUnreadable(f"line {blank} is empty", "Write the character, a space as a space")
    if not 0 < len(lines) <= MAX_CHARACTERS:
        raise AlphabetUnreadable(f"lists {len(lines)} characters", f"1 to {MAX_CHARACTERS} can be listed")
    return lines
