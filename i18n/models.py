"""Models as those who run the shop read them: what they cost, and whether they are sold."""

from i18n.problems import problem_words
from i18n.translator import Html, Translator
from services.manifests.manifest import Manifest
from services.models.manage import ModelLine


def state_words(model: ModelLine, tr: Translator) -> Html:
    """Whether it is sold, and why not."""
    return {
        "🟢": tr.html("🟢 On sale"),
        "⚪": tr.html("⚪ Taken off the menu"),
        "🛑": tr.html(
            "🛑 Stopped: it failed several times in a row, at last with: {problem}",
            problem=problem_words(model.stopped_for or "", tr),
        ),
        "💤": _rests(model, tr),
        "⚠️": tr.html("⚠️ Cannot be sold: {problem}", problem=_folder_problem(model, tr)),
    }[state_mark(model)]


def _folder_problem(model: ModelLine, tr: Translator) -> str:
    return problem_words(model.problem, tr) if model.problem else tr.gettext("its folder is gone")


def _rests(model: ModelLine, tr: Translator) -> Html:
    problem = problem_words(model.resting_for or "", tr)
    if not model.fails:
        return tr.html("💤 Resting: its server is away ({problem})", problem=problem)
    return tr.html(
        "💤 Resting: it failed several times in a row, at last with: {problem}\n"
        "Its example is tried again and again, more and more rarely; when it is answered, the model is sold again.",
        problem=problem,
    )


def state_mark(model: ModelLine) -> str:
    if not model.present:
        return "⚠️"
    if not model.enabled:
        return "⚪"
    if model.stopped_for is not None:
        return "🛑"
    return "🟢" if model.resting_for is None else "💤"


def price_words(model: ModelLine, price: int, tr: Translator) -> str:
    return besides_length(model, tr.credits(price) if price else "", tr)


def besides_length(model: ModelLine, price: str, tr: Translator) -> str:
    """`price`: empty where there is no fixed one."""
    if not model.by_length:
        return price or tr.gettext("free")
    return tr.gettext("{price} and by length", price=price) if price else tr.gettext("by length")


def category_words(manifest: Manifest, tr: Translator) -> str:
    return tr.gettext("Other") if manifest.category is None else tr.pick(manifest.category)
