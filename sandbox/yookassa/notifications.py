"""YooKassa's notifications: repeated with growing pauses until HTTP 200, for a day."""

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.notifier import Notifier, Reply, WebhookCall
from sandbox.provider_faults import ShopFault
from sandbox.yookassa.wire import JsonObject, to_json

FIRST_PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 3600.0
GIVE_UP_SECONDS = 24 * 3600.0
HEADERS = {"Content-Type": "application/json"}


class YooKassaNotifier(Notifier):
    def __init__(self, clock: Clock, faults: Faults[ShopFault]) -> None:
        super().__init__(clock, faults)
        self.url: str | None = None

    def address(self, event: str) -> str | None:
        return self.url

    def is_taken(self, reply: Reply) -> bool:
        return reply.status == 200

    def pause(self, notification: WebhookCall) -> float | None:
        pause = min(FIRST_PAUSE_SECONDS * 2**notification.repeats, MAX_PAUSE_SECONDS)
        return None if self._clock.now() + pause - notification.created_at > GIVE_UP_SECONDS else pause

    def notify(self, event: str, subject: JsonObject) -> WebhookCall:
        """Tell the shop what became of one of its objects."""
        body = to_json({"type": "notification", "event": event, "object": subject})
        return self.send(event, subject["id"], body, HEADERS)

    def forge(self, body: bytes, headers: dict[str, str], event: str = "forged") -> WebhookCall:
        return super().forge(body, HEADERS | headers, event)
