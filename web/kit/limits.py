"""How often somebody may ask, and how they are told (the headers of draft-ietf-httpapi-ratelimit-headers-11)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.coordination.base import Coordination, Quota
from services.errors import NN_, ShopError


class TooManyRequests(ShopError):
    """`retry_after`: whole seconds until the quota of `policy` is a new one."""

    counted = NN_(
        "That was too often. Please wait {seconds} second.",
        "That was too often. Please wait {seconds} seconds.",
        "seconds",
    )
    message = counted.many

    def __init__(self, *, policy: str, retry_after: int) -> None:
        super().__init__(seconds=retry_after)
        self.policy, self.retry_after = policy, retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """So many `times` in so many `seconds`, of each caller."""

    name: str
    times: int
    seconds: int = 60


async def take(request: Request, coordination: Coordination, policy: Policy, who: str) -> None:
    """Counts a request of `who`; its answer tells what is left. Raises `TooManyRequests`."""
    key = f"limit:{policy.name}:{who}"
    quota = await coordination.take(key, times=policy.times, seconds=policy.seconds)
    request.scope.setdefault("state", {}).setdefault("quotas", []).append((policy, quota))
    if quota.left < 0:
        raise TooManyRequests(policy=policy.name, retry_after=max(1, math.ceil(quota.resets)))


class RateLimitHeaders:
    """Tells on every answer, errors too, what `take` counted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and (quotas := state.get("quotas")):
                headers = MutableHeaders(scope=message)
                for name, value in headers_of(quotas).items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, with_headers)


def headers_of(quotas: Sequence[tuple[Policy, Quota]]) -> dict[str, str]:
    return {
        "ratelimit-policy": ", ".join(f'"{policy.name}";q={policy.times};w={policy.seconds}' for policy, _ in quotas),
        "ratelimit": ", ".join(
            f'"{policy.name}";r={max(0, quota.left)};t={math.ceil(quota.resets)}' for policy, quota in quotas
        ),
    }
