"""`POST /webhooks/cloudpayments/{check,pay,fail,refund,confirm,cancel,recurrent}`: who signed it, and what is answered.

Check is answered from our row. Everything else is kept and acknowledged; what it claims is looked into afterwards."""

import time

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from db.errors import DatabaseUnavailable
from services.payments.providers.base import BadNotification
from services.payments.providers.cloudpayments.notifications import NotificationKind, check_of, event_of, fields_of
from services.payments.providers.cloudpayments.question import CheckCode
from services.payments.providers.cloudpayments.signatures import is_signed
from web.context import CloudPaymentsWebhook, Web
from web.kit.bodies import read_at_most

log = structlog.get_logger()

MAX_BYTES = 64 * 1024  # a notification has three

router = APIRouter(prefix="/webhooks/cloudpayments")


@router.post("/{kind}")
async def cloudpayments_webhook(kind: str, request: Request, web: Web) -> Response:
    """Anything but code 0 is repeated a hundred times, and a Check that is not answered is a payment refused."""
    assert web.cloudpayments is not None
    if kind not in set(NotificationKind):
        return PlainTextResponse("not found", status_code=404)
    body = await read_at_most(request, MAX_BYTES)
    if isinstance(body, PlainTextResponse):
        return body
    is_form = "json" not in request.headers.get("Content-Type", "").lower()
    content, decoded = request.headers.get("Content-HMAC"), request.headers.get("X-Content-HMAC")
    if not is_signed(web.cloudpayments.secret, body, content=content, decoded=decoded, is_form=is_form):
        if (left_out := web.forged.left_out(time.monotonic())) is not None:
            peer = request.client.host if request.client else None
            log.warning("cloudpayments_webhook_forged", kind=kind, peer=peer, left_out=left_out)
        return PlainTextResponse("forbidden", status_code=403)
    return await _taken(web.cloudpayments, NotificationKind(kind), body, is_form=is_form)


async def _taken(webhook: CloudPaymentsWebhook, kind: NotificationKind, body: bytes, *, is_form: bool) -> Response:
    try:
        fields = fields_of(body, is_form=is_form)
        if kind is NotificationKind.CHECK:
            return _answer(await _checked(webhook, fields))
        await webhook.payments.events.keep(event_of(kind, fields))
    except BadNotification as error:  # a repeat would say the same
        log.error("cloudpayments_webhook_not_understood", kind=kind, reason=str(error))
        return _answer(CheckCode.REFUSED if kind is NotificationKind.CHECK else CheckCode.FINE)
    except DatabaseUnavailable as error:
        log.warning("cloudpayments_webhook_not_kept", kind=kind, error=str(error))
        return PlainTextResponse("try again", status_code=503)
    return _answer(CheckCode.FINE)


async def _checked(webhook: CloudPaymentsWebhook, fields: dict[str, str]) -> CheckCode:
    asked = check_of(fields)
    code = await webhook.question.answer(asked)
    if code is not CheckCode.FINE:
        log.warning("payment_refused_at_check", invoice=asked.invoice[:64], code=int(code))
    return code


def _answer(code: CheckCode) -> Response:
    return JSONResponse({"code": int(code)})
