"""`kassandra models check DIR --forecasts FILE.csv`: how good past forecasts were, as /track tells it."""

import sys
from pathlib import Path

from bot.settings import load_store_settings
from i18n.forecasts import event_title, score_lines, too_early
from i18n.text import plain_of
from i18n.translator import Catalogues, Translator
from services.forecasts.figures import OutcomeFigures
from services.forecasts.past import BadForecasts, judge_file
from services.manifests.manifest import load_manifest


def check_forecasts(folder: Path, file: Path) -> int:
    load_store_settings()  # `.env` may have the keys that the manifest names
    try:
        figures = judge_file(file, load_manifest(folder))
    except (BadForecasts, OSError) as error:
        print(f"kassandra: {file}: {error}", file=sys.stderr)
        return 1
    tr = Catalogues()["en"]
    for each in figures:
        print("\n".join(_lines(each, tr)))
    return 0


def _lines(figures: OutcomeFigures, tr: Translator) -> list[str]:
    head = f"{figures.name}: {event_title(figures, tr)}, {figures.count} forecasts"
    if not figures.is_enough:
        return [head, f"  {plain_of(too_early(tr))}"]
    lines = [head, *(f"  {each.label}: {each.told}" for each in score_lines(figures, tr))]
    for each in figures.bins:
        share = f"{each.share:6.1%} ({each.low:.1%} to {each.high:.1%})"
        lines.append(f"  said {each.stated:6.1%}  came {share}  of {each.count}")
    return lines
