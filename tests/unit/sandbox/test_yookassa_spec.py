"""What the simulated YooKassa takes is what its documentation says: names, what is required, limits, values."""

from typing import Any, get_args

import pytest

from sandbox.yookassa import requests
from sandbox.yookassa.api import OPERATIONS
from sandbox.yookassa.keys import MAX_LENGTH
from sandbox.yookassa.shop import DECLINES, PARTIES
from sandbox.yookassa.wire import amount_of, kopecks_of, moment
from tests.unit.sandbox.yookassa_spec import Schema, flat, request_body, schema_of, spec

LIMITS = ("maxLength", "minLength", "minimum", "maximum", "maxProperties", "minItems", "maxItems", "enum", "type")
BODIES = {
    requests.CreatePayment: "/payments",
    requests.CapturePayment: "/payments/{payment_id}/capture",
    requests.CreateRefund: "/refunds",
}
OBJECTS = {
    requests.MonetaryAmount: "MonetaryAmount",
    requests.Receipt: "ReceiptData",
    requests.ReceiptItem: "ReceiptDataItem",
    requests.ReceiptCustomer: "ReceiptDataCustomer",
}
IGNORED = {
    "ReceiptData": {"receipt_industry_details", "receipt_operational_details"},
    "ReceiptDataItem": {
        *("mark_quantity", "country_of_origin_code", "customs_declaration_number", "excise", "product_code"),
        *("planned_status", "mark_code_info", "mark_mode", "payment_subject_industry_details"),
    },
}
"""Parts of a receipt for goods of special kinds, which a shop of credits does not sell."""


def ours(model: type[requests.ApiObject]) -> Schema:
    found: Schema = model.model_json_schema(by_alias=True)
    return found


def own_limits(schema: Schema, definitions: Schema) -> Schema:
    if "$ref" in schema:
        return own_limits(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    found = {name: schema[name] for name in LIMITS if name in schema}
    for part in schema.get("anyOf", []):
        if part.get("type") != "null":
            found |= own_limits(part, definitions)
    return found


def disagreements(model: type[requests.ApiObject], documented: Schema, ignored: set[str]) -> list[str]:
    schema, documented = ours(model), flat(documented)
    named = set(schema["properties"])
    complaints = [f"{name}: not documented" for name in named - documented["properties"].keys()]
    complaints += [f"{name}: not here" for name in documented["properties"].keys() - named - ignored]
    if sorted(schema.get("required", [])) != documented["required"]:
        complaints.append(f"required: {schema.get('required')} against {documented['required']}")
    for name in named & documented["properties"].keys():
        limits = own_limits(schema["properties"][name], schema.get("$defs", {}))
        theirs = flat(documented["properties"][name])
        for limit in ("maxLength", "minimum", "maximum", "maxProperties"):
            if limit in theirs and "type" in limits and limits.get(limit) != theirs[limit]:
                complaints.append(f"{name}: {limit} is {limits.get(limit)}, documented is {theirs[limit]}")
    return complaints


@pytest.mark.parametrize("model", BODIES, ids=lambda model: model.__name__)
def test_bodies_have_the_fields_and_limits_of_the_documentation(model: type[requests.ApiObject]) -> None:
    assert disagreements(model, request_body(BODIES[model]), set()) == []


@pytest.mark.parametrize("model", OBJECTS, ids=lambda model: model.__name__)
def test_objects_have_the_fields_and_limits_of_the_documentation(model: type[requests.ApiObject]) -> None:
    name = OBJECTS[model]
    assert disagreements(model, schema_of(name), IGNORED.get(name, set())) == []


def test_a_disagreement_would_be_found() -> None:
    class Wrong(requests.ApiObject):
        payment_id: str | None = None
        description: str | None = None
        surprise: int = 0

    found = disagreements(Wrong, request_body("/refunds"), {"sources", "deal", "refund_method_data", "metadata"})
    assert len(found) == 6
    assert "surprise: not documented" in found
    assert "description: maxLength is None, documented is 250" in found


def test_values_are_those_of_the_documentation() -> None:
    def documented(name: str) -> set[str]:
        return set(schema_of(name)["enum"])

    def literals(annotation: Any) -> set[str]:
        return set(get_args(annotation))

    assert documented("ReceiptItemPaymentSubject") == requests.PAYMENT_SUBJECTS
    assert documented("ReceiptItemPaymentMode") == requests.PAYMENT_MODES
    assert documented("ReceiptItemMeasure") == requests.MEASURES
    assert literals(requests.PaymentStatus) == documented("PaymentStatus")
    assert literals(requests.RefundStatus) == documented("RefundStatus")
    assert literals(requests.Locale) == documented("Locale")
    assert literals(requests.Confirmation.model_fields["type"].annotation) == documented("ConfirmationDataType")
    reasons = set(schema_of("PaymentCancellationDetails")["properties"]["reason"]["enum"])
    assert {*DECLINES, *PARTIES} == reasons
    assert set(PARTIES.values()) | {"payment_network"} == set(
        schema_of("PaymentCancellationDetails")["properties"]["party"]["enum"]
    )


def test_limits_of_the_header_the_lists_and_the_address() -> None:
    parameters = spec()["components"]["parameters"]
    assert parameters["IdempotenceKey"]["schema"]["maxLength"] == MAX_LENGTH
    limit = parameters["Limit"]["schema"]
    assert (limit["maximum"], limit["default"]) == (requests.MAX_LIST, requests.DEFAULT_LIST)
    assert schema_of("ReturnUrl")["maxLength"] == requests.MAX_RETURN_URL
    assert f"{requests.MAX_RECEIPT_ITEMS} товаров" in schema_of("ReceiptData")["properties"]["items"]["description"]
    assert f"от 1 до {requests.MAX_ITEM_DESCRIPTION} " in schema_of("ReceiptItemDescription")["description"]


def test_the_calls_are_in_the_documentation() -> None:
    documented = {
        (method.upper(), tuple("*" if part.startswith("{") else part for part in path.strip("/").split("/")))
        for path, methods in spec()["paths"].items()
        for method in methods
    }
    assert {(each.method, each.pattern) for each in OPERATIONS} <= documented


@pytest.mark.parametrize(("text", "kopecks"), [("100", 10000), ("0.5", 50), ("19.99", 1999), ("1.05", 105)])
def test_amounts_are_exact(text: str, kopecks: int) -> None:
    assert kopecks_of(text) == kopecks
    assert kopecks_of(amount_of(kopecks)["value"]) == kopecks


def test_moments_have_milliseconds() -> None:
    assert moment(1_531_232_871.5) == "2018-07-10T14:27:51.500Z"
