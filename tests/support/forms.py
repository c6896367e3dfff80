"""What a browser sends with a form of a page."""

from html.parser import HTMLParser


class _Hidden(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "input" and told.get("type") == "hidden" and told.get("name"):
            self.found[str(told["name"])] = told.get("value") or ""


def hidden_fields(page: str) -> dict[str, str]:
    """By name; of a page with one form, or of its last."""
    parser = _Hidden()
    parser.feed(page)
    parser.found.pop("next", None)  # of the foot's choice of a language
    return parser.found
