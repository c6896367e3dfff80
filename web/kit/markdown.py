"""What a model writes, as HTML: whatever it writes, it is text, and no tag, style or picture of its own."""

from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

DEEPEST: Final = 20  # lists and quotes within each other
_SIDES: Final = {"text-align:left": "left", "text-align:center": "center", "text-align:right": "right"}


def safe_html(text: str) -> Markup:
    return Markup(_markdown().render(text))  # noqa: S704 - it escapes by itself: HTML in the source is text


@cache
def _markdown() -> MarkdownIt:
    """Pictures are links: no page of ours shows a foreign one."""
    made = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": DEEPEST})
    made.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline", "reference"])
    made.core.ruler.push("ours", _ours)
    made.add_render_rule("table_open", _table)
    made.add_render_rule("table_close", _table_end)
    return made


def _ours(state: StateCore) -> None:
    """Headings below those of the page, links that tell nobody where they were found, sides without `style`."""
    for token in _all(state.tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        elif token.type == "link_open":
            token.attrs |= {"rel": "noopener noreferrer nofollow", "target": "_blank"}
        elif (style := token.attrs.pop("style", None)) is not None:
            token.attrs["class"] = _SIDES.get(str(style), "left")


def _all(tokens: Sequence[Token]) -> Sequence[Token]:
    return [each for token in tokens for each in (token, *(token.children or ()))]


def _table(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    place: int,
    options: Any,  # Any: the library's
    env: MutableMapping[str, Any],
) -> str:
    return '<div class="scroll" tabindex="0"><table>\n'


def _table_end(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    place: int,
    options: Any,  # Any: the library's
    env: MutableMapping[str, Any],
) -> str:
    return "</table></div>\n"
