"""What was found in a file that somebody of the shop sent, and what it answers."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from db.tables.models import TrialStatus
from db.tables.predictions import PredictionStatus
from handlers.admin.uploads.cards import card_of
from handlers.admin.uploads.screens import trial_screen
from handlers.predictions.screens import prediction_screen
from handlers.predictions.sources import AnswerSources
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Screen
from i18n.problems import problem_words
from i18n.translator import Translator
from services.container import Services
from services.errors import ShopError
from services.files.store import StoreAway
from services.manifests.manifest import Manifest
from services.models.offers import Offer
from services.models.uploads.shelf import Shelved
from services.models.uploads.trials import TrialNotFound, TrialView
from services.models.uploads.versions import VersionNotFound
from services.notifications.kinds.models import OfVersion, UploadChecked, UploadCompared, UploadTried
from services.notifications.message_ref import message_of, thread_of
from services.notifications.notification import Notification
from services.notifications.presenting import presenting
from services.predictions.history import PredictionView


def presenters(services: Services) -> dict[str, Present]:
    return _known(UploadChecked, services) | _known(UploadCompared, services) | _tried(services)


def _known(kind: type[OfVersion], services: Services) -> dict[str, Present]:
    """The card as it is now, in its own message."""

    async def present(news: OfVersion, notification: Notification, tr: Translator) -> Rendered | None:
        if await services.admins.role_of(notification.user_id) is None:
            return None
        try:
            place = (await services.upload_management.card(news.version_id)).version.shown_in
        except VersionNotFound:
            return None
        screen = await card_of(news.version_id, services, tr)
        if place is None or place.chat_id != notification.recipient.chat_id:
            return Rendered(screen=screen)
        return Rendered(screen=screen, into=message_of(place), thread_id=thread_of(place))

    return presenting(kind, present)


def _tried(services: Services) -> dict[str, Present]:
    async def present(news: UploadTried, notification: Notification, tr: Translator) -> Rendered | None:
        try:
            trial = await services.trials.get(news.trial_id)
        except TrialNotFound:
            return None
        into, thread = message_of(trial.shown_in), thread_of(trial.shown_in)
        try:
            shelved = await services.trials.shelved(trial)
        except StoreAway:  # it is told once the store is there
            raise
        except ShopError as error:
            text = tr.html("⚠️ The answer cannot be shown: {problem}", problem=problem_words(str(error), tr))
            return Rendered(screen=trial_screen(Screen(text=text), trial.version, tr), into=into, thread_id=thread)
        user = await services.users.get(notification.user_id)
        sources = replace(AnswerSources.of(services, tr), models=_OneModel(shelved))
        answer = await prediction_screen(_as_prediction(trial), sources, balance=user.balance)
        screen = trial_screen(answer, trial.version, tr)
        return Rendered(screen=screen, into=into, thread_id=thread)

    return presenting(UploadTried, present)


@dataclass(frozen=True, slots=True)
class _OneModel:
    """The version that was tried, as an answer is shown from."""

    shelved: Shelved

    def manifest(self, slug: str) -> Manifest | None:
        return self.shelved.manifest

    def folder(self, slug: str) -> Path:
        return self.shelved.folder

    async def preset_inputs(self, preset_id: int | None) -> dict[str, Any]:  # Any: JSON
        return {}

    async def sold(self) -> list[Offer]:
        return []


def _as_prediction(trial: TrialView) -> PredictionView:
    succeeded = trial.status is TrialStatus.SUCCEEDED
    return PredictionView(
        id=trial.id,
        user_id=trial.asked_by,
        model_slug=trial.version.slug,
        model_version=str(trial.version.number),
        preset_id=None,
        inputs=trial.inputs,
        price=0,
        status=PredictionStatus.SUCCEEDED if succeeded else PredictionStatus.FAILED,
        result=trial.result,
        error_code=trial.error_code,
        shown_in=trial.shown_in,
        created_at=trial.created_at,
        finished_at=trial.finished_at,
    )
