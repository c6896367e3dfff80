"""Entities count UTF-16 code units; Python counts code points."""


def utf16_len(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


class Utf16:
    """Slices of a text by UTF-16 offsets."""

    def __init__(self, text: str) -> None:
        self._text = text
        # Most texts stay in the basic plane, where both ways of counting agree.
        self._data = None if len(text) == utf16_len(text) else text.encode("utf-16-le", "surrogatepass")
        self.length = len(text) if self._data is None else len(self._data) // 2

    def slice(self, start: int, end: int) -> str:
        if self._data is None:
            return self._text[start:end]
        return self._data[start * 2 : end * 2].decode("utf-16-le", "replace")
