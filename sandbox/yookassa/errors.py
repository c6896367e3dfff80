"""What the API answers when it refuses. The words are YooKassa's where they are known."""

from sandbox.yookassa.ids import new_error_id
from sandbox.yookassa.wire import JsonObject

SEVERAL_SECONDS_MS = 1800


class ApiError(Exception):
    """`why` is for the log of calls: YooKassa itself does not tell it."""

    status = 400
    code = "invalid_request"

    def __init__(self, description: str, parameter: str | None = None, *, why: str | None = None) -> None:
        super().__init__(why or description)
        self.description = description
        self.parameter = parameter

    def body(self) -> JsonObject:
        body: JsonObject = {
            "type": "error",
            "id": new_error_id(),
            "code": self.code,
            "description": self.description,
        }
        if self.parameter is not None:
            body["parameter"] = self.parameter
        return body


class NotSupported(ApiError):
    code = "not_supported"


class InvalidCredentials(ApiError):
    status = 401
    code = "invalid_credentials"

    def __init__(self) -> None:
        text = "Error in shopId or secret key. Check their validity. You can reissue the key in the Merchant Profile"
        super().__init__(text, "Authorization")


class Forbidden(ApiError):
    status = 403
    code = "forbidden"

    def __init__(self) -> None:
        super().__init__("You don't have the permission to perform this operation. Contact the YooMoney manager")


class NoAutopay(Forbidden):
    def __init__(self) -> None:
        ApiError.__init__(self, "This store can't make recurring payments. Contact the YooMoney manager to learn more")


class NotFound(ApiError):
    status = 404
    code = "not_found"


class TooManyRequests(ApiError):
    status = 429
    code = "too_many_requests"

    def __init__(self) -> None:
        super().__init__("Too many requests. Try again later")

    def body(self) -> JsonObject:
        return super().body() | {"retry_after": SEVERAL_SECONDS_MS}


class InternalServerError(ApiError):
    status = 500
    code = "internal_server_error"

    def __init__(self) -> None:
        super().__init__("Internal server error. Repeat the request later with the same idempotence key")


def no_payment() -> str:
    return "Incorrect payment_id. Payment doesn't exist or access denied. Specify the payment ID created in your store"


def illegal_receipt(why: str) -> ApiError:
    return ApiError("Receipt is missing or illegal", "receipt", why=why)
