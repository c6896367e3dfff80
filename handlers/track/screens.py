"""The track record in a chat: the figures of one model, and where all of it stands."""

from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.telegram.limits import CAPTION, TEXT, cut
from handlers.telegram.screen import Button, Screen
from i18n.forecasts import counts_line, event_title, less_is_better, score_lines, too_early
from i18n.translator import Html, Translator
from services.forecasts.record import PublicRecord, TrackRecord


def shown_record(record: PublicRecord, slug: str) -> TrackRecord | None:
    named = [each for each in record.models if each.model_slug == slug]
    return next(iter(named or record.models), None)


def track_screen(
    record: PublicRecord, shown: TrackRecord | None, viewer: Viewer, *, picture: bytes | None = None
) -> Screen:
    tr = viewer.tr
    parts = [tr.html("<b>🎯 How often forecasts came true</b>")]
    if shown is None:
        parts.append(tr.html("Nothing has been forecast for the list yet."))
    else:
        parts += _record(shown, tr, title=viewer.titles.of(shown.model_slug).heading)
    others = [each for each in record.models if each is not shown]
    rows: list[buttons.Row] = [
        (Button(text=viewer.titles.of(each.model_slug).text, action=f"{buttons.TRACK}:{each.model_slug}"),)
        for each in others
    ]
    rows += buttons.site_row(viewer.features.site, "/track", tr.gettext("📄 All of it, and how to check it"))
    rows.append((buttons.models_button(tr), buttons.menu_button(tr)))
    limit = TEXT if picture is None else CAPTION
    return Screen(text=cut("\n\n".join(parts), limit), rows=tuple(rows), photo=picture, photo_name="track.png")


def _record(shown: TrackRecord, tr: Translator, *, title: Html) -> list[Html]:
    listed = shown.listed
    about = tr.html("Every week the shop forecasts its own list of papers and is judged by what came.")
    parts = [Html(f"{title}\n{about}"), counts_line(listed.counts, tr)]
    if shown.missed:
        parts.append(
            tr.nhtml("{n} week of a paper had no forecast.", "{n} weeks of papers had no forecast.", shown.missed)
        )
    if not listed.told:
        return [*parts, too_early(tr)]
    for figures in listed.told:
        lines = [
            tr.html("{label}: <b>{value}</b>", label=each.label, value=each.told) for each in score_lines(figures, tr)
        ]
        parts.append(Html("\n".join([tr.html("<b>{title}</b>", title=event_title(figures, tr)), *lines])))
    return [*parts, less_is_better(tr)]
