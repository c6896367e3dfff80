"""The papers that the shop forecasts by itself."""

from collections.abc import Sequence

from handlers.admin.widgets import notice_first, panel_button
from handlers.telegram.limits import TEXT, cut
from handlers.telegram.screen import Screen
from i18n.translator import Html, Translator
from services.forecasts.listed import ListedView


def papers_screen(papers: Sequence[ListedView], tr: Translator, *, notice: str = "") -> Screen:
    """`notice`: HTML."""
    on_it = [each for each in papers if each.until is None]
    lines = [_line(each, tr) for each in on_it] or [tr.html("There are none yet.")]
    how = tr.html(
        "To change it: <code>/papers add SBER</code>, <code>/papers drop SBER</code>. What was published stays."
    )
    text = notice_first(notice, tr.html("<b>🎯 Papers that are forecast every week</b>"), Html("\n".join(lines)), how)
    return Screen(text=cut(text, TEXT), rows=((panel_button(tr),),))


def _line(each: ListedView, tr: Translator) -> Html:
    made = tr.ngettext("{n} forecast", "{n} forecasts", each.forecasts)
    if each.missed:
        made += ", " + tr.ngettext("{n} week missed", "{n} weeks missed", each.missed)
    return tr.html("{name} ({symbol}): {made}", name=each.name, symbol=each.symbol, made=made)
