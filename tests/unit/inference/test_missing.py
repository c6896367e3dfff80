"""What is not there is judged alike, whatever the server speaks."""

import pytest

from services.errors import ShopError
from services.inference.errors import ModelBroken, ServerAway
from services.inference.runtimes.comfyui.connection import ServerConnection
from services.inference.runtimes.images.client import judge as judge_images
from services.inference.runtimes.open_inference.judge import judge as judge_open_inference


def _of_comfyui(status: int) -> ShopError:
    connection = ServerConnection("http://127.0.0.1:8188", {})
    with pytest.raises(ShopError) as raised:
        connection.read("/prompt", status, "")
    return raised.value


@pytest.mark.parametrize(("status", "kind"), [(404, ServerAway), (405, ModelBroken), (501, ModelBroken)])
def test_one_rule(status: int, kind: type[ShopError]) -> None:
    errors = [
        judge_open_inference(status, b'{"error":"no"}'),
        judge_images(status, {"error": {"message": "no"}}),
        _of_comfyui(status),
    ]
    assert [type(error) for error in errors] == [kind] * 3
    assert all(f"HTTP {status}" in str(error) for error in errors)
