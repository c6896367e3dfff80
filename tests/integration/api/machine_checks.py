"""What else a machine looks at in each answer, by the code of the problem.

A refusal has a code that its operation tells. What the description allows is refused for nothing that the description
could have told: the rules that no schema can say stand here, operation by operation."""

from typing import Any, Final

import schemathesis

PROBLEM: Final = "application/problem+json"
MADE_UP_TWICE: Final = "idempotency_key_reused"  # of any POST: that key was another request's
UNWRITTEN: Final = {
    "signUp": {"invalid_email"},  # no letter reaches such an address
    "askToReset": {"invalid_email"},
    "confirmSignUp": {"password_too_common"},
    "resetPassword": {"password_too_common"},
    "showSecondFactor": {"wrong_code"},
    "changeMe": {"invalid_email", "invalid_name"},  # nothing of the name is visible
    "uploadFile": {"no_file", "invalid_value"},  # no picture
    "createScoring": {"invalid_value"},  # no table
    "createPrediction": {"invalid_input"},  # `input_schema` of the model says more
    "renameChat": {"invalid_title"},  # signs that are not printed
    "sendChatMessage": {"message_too_long", "pictures_not_taken"},  # by this assistant
    "editChatMessage": {"message_too_long", "pictures_not_taken"},
    # the shop's bounds and ways, and whether the account has an address
    "createPayment": {"amount_out_of_bounds", "currency_not_taken", "email_needed", "invalid_email", "way_not_offered"},
    "createWebhook": {"invalid_webhook_url"},  # where no event may be sent
    "changeWebhook": {"invalid_webhook_url"},
    "adminRefundPayment": {"refund_too_large"},  # more than is left of it
}


@schemathesis.check
def codes_are_told(_: Any, response: schemathesis.Response, case: schemathesis.Case[Any]) -> None:
    operation = case.operation.definition.raw
    code, told = _code(response), operation["responses"].get(str(response.status_code))
    if code is not None and told is not None and case.method.lower() == case.operation.method:
        assert code in told["content"][PROBLEM]["examples"], f"{operation['operationId']} does not tell of {code}"


@schemathesis.check
def valid_is_not_refused(_: Any, response: schemathesis.Response, case: schemathesis.Case[Any]) -> None:
    name, followed = case.operation.definition.raw["operationId"], (case.path_parameters or {}).values()
    if "None" in map(str, followed):  # a line of the account without a prediction, whose null is followed as an id
        return
    if case.meta is not None and case.meta.generation.mode.is_positive and response.status_code in (400, 415, 422):
        code = _code(response)
        assert code in {MADE_UP_TWICE, *UNWRITTEN.get(name, ())}, f"{name} refused what is valid: {code}"


def _code(response: schemathesis.Response) -> str | None:
    if PROBLEM not in (response.headers.get("content-type") or [""])[0]:
        return None
    return str(response.json()["code"])
