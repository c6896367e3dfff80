"""What was found in a file that somebody of the shop sent."""

from handlers.admin.uploads.cards import card_of
from handlers.telegram.delivery import Present, Rendered
from i18n.translator import Translator
from services.container import Services
from services.models.uploads.versions import VersionNotFound
from services.notifications.kinds.models import UploadChecked
from services.notifications.message_ref import message_of, thread_of
from services.notifications.notification import Notification
from services.notifications.presenting import presenting


def presenters(services: Services) -> dict[str, Present]:
    async def present(news: UploadChecked, notification: Notification, tr: Translator) -> Rendered | None:
        if await services.admins.role_of(notification.user_id) is None:
            return None
        try:
            place = (await services.upload_management.card(news.version_id)).version.shown_in
        except VersionNotFound:
            return None
        screen = await card_of(news.version_id, services, tr)
        return Rendered(screen=screen, into=message_of(place), thread_id=thread_of(place))

    return presenting(UploadChecked, present)
