"""The weekly bonus: when the next one comes, and what came lately."""

from collections.abc import Sequence
from datetime import datetime

from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.telegram.screen import Button, Screen
from i18n.translator import Html, Translator
from services.bonuses import BonusTerms, GrantView


def bonus_screen(terms: BonusTerms, next_date: datetime | None, last: Sequence[GrantView], viewer: Viewer) -> Screen:
    """`next_date` is None in a shop that gives no bonus (any more)."""
    user, tr = viewer.user, viewer.tr
    parts = [tr.html("<b>🎁 Weekly bonus</b>")]
    if next_date is None:
        parts.append(tr.html("There is no weekly bonus now."))
    else:
        parts.append(_terms(terms, next_date, tr))
    if last:
        lines = [
            tr.html("{date}: +{credits}", date=tr.date(each.created_at), credits=tr.credits(each.amount))
            for each in last
        ]
        parts.append(Html("\n".join([tr.html("<b>Last bonuses</b>"), *lines])))
    rows: tuple[buttons.Row, ...] = ((buttons.models_button(tr), buttons.menu_button(tr)),)
    if next_date is not None:
        if user.bonus_muted:
            parts.append(tr.html("🔕 You are not told when it comes; it comes all the same."))
        rows = ((mute_button(tr, muted=user.bonus_muted),), *rows)
    return Screen(text="\n\n".join(parts), rows=rows)


def mute_button(tr: Translator, *, muted: bool) -> Button:
    if muted:
        return Button(text=tr.gettext("🔔 Tell me of bonuses"), action=f"{buttons.BONUS}:on")
    return Button(text=tr.gettext("🔕 Do not tell me of bonuses"), action=f"{buttons.BONUS}:off")


def _terms(terms: BonusTerms, next_date: datetime, tr: Translator) -> Html:
    when = tr.html(
        "The next one: <b>{moment}</b>, {credits}.", moment=tr.moment(next_date), credits=tr.credits(terms.amount)
    )
    valid = tr.nhtml(
        "It is valid for {n} day; what is not spent by then expires.",
        "It is valid for {n} days; what is not spent by then expires.",
        terms.ttl.days,
    )
    who = tr.nhtml(
        "Everyone who was here within {n} day gets it by itself.",
        "Everyone who was here within {n} days gets it by itself.",
        terms.active_within.days,
    )
    return Html("\n".join([when, valid, who]))
