"""Live prices as their customer checks them before paying: whose they are, how they end, what is odd about them."""

from collections.abc import Mapping

from i18n.forecasts import close_words
from i18n.inputs import change_words, value_words
from i18n.judging import promise
from i18n.translator import Translator
from services.forecasts.publish import due_on
from services.forecasts.said import judged_input
from services.manifests.manifest import Input, Manifest
from services.market.origin import origin_of
from services.values.parse import Value
from services.values.series import numbers_of

JUMPS = 3  # told


def short_words(field: Input, value: Value, tr: Translator) -> str:
    """An answer on a button, where there is no room for whole prices."""
    origin = origin_of(value)
    if origin is None:
        return value_words(field, value, tr)
    return tr.gettext("{symbol}, closes up to {day}", symbol=origin.instrument.symbol, day=tr.day(origin.last))


def price_facts(value: Value, tr: Translator, *, accepted: bool = True) -> list[str]:
    """Plain sentences; none of an answer that is not of live prices. `accepted`: its jumps were looked at."""
    origin = origin_of(value)
    if origin is None or not (numbers := numbers_of(value)):
        return []
    told = tr.gettext(
        "Source: {exchange}. The last close, of {day}: {close}.",
        exchange=origin.instrument.exchange or origin.instrument.provider.upper(),
        day=tr.day(origin.last),
        close=close_words(numbers[-1], tr),
    )
    if not (origin.jumps and accepted):
        return [told]
    jumps = ", ".join(f"{tr.day(each.day)} {change_words(each.change, tr)}" for each in origin.jumps[-JUMPS:])
    return [told, tr.gettext("Taken as it is, though no split explains it: {jumps}.", jumps=jumps)]


def judging_promise(manifest: Manifest, answers: Mapping[str, Value], tr: Translator, *, told: bool) -> str:
    """When a forecast by these answers is judged; nothing where it is not. `told`: its customer hears of it."""
    field = judged_input(manifest)
    origin = None if field is None else origin_of(answers.get(field.name))
    if origin is None:
        return ""
    horizon = manifest.outcomes[0].horizon
    said = promise(horizon, origin.last, due_on(origin.last, horizon), tr, told=told)
    if not origin.jumps:
        return said
    return f"{said} " + tr.gettext("If the price jumps like that again within this time, it may not be judged.")
