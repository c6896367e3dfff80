"""What the Bot API answers when it refuses, worded as Telegram words it."""

from sandbox.telegram.wire import JsonObject


class BotApiError(Exception):
    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.retry_after = retry_after

    def body(self) -> JsonObject:
        body: JsonObject = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


class BadRequest(BotApiError):
    def __init__(self, text: str) -> None:
        super().__init__(400, f"Bad Request: {text}")


class Forbidden(BotApiError):
    def __init__(self, text: str) -> None:
        super().__init__(403, f"Forbidden: {text}")


class Conflict(BotApiError):
    def __init__(self, text: str) -> None:
        super().__init__(409, f"Conflict: {text}")


class TooManyRequests(BotApiError):
    def __init__(self, retry_after: int) -> None:
        super().__init__(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
