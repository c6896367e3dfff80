"""Plain text for where room is short."""


def cut_plain(text: str, limit: int) -> str:
    """Plain text of at most `limit` characters on one line."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
