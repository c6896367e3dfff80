"""Sounds: what strangers send, and what a graph gets of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.errors import ShopError
from services.inference.errors import BadOutput
from services.inference.runtimes.base import Limit
from services.inference.runtimes.isolated.runtime import IsolatedOnnxRuntime
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.runtimes.tensor_runtime import TensorRuntime
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from services.manifests.manifest import SoundInput, load_manifest
from services.values import errors
from services.values.intake import Intake
from services.values.sounds import samples_of, seconds_of, voice_of, wav_of
from tests.support.sounds import KINDS, encoded
from tests.unit.inference.models import FLOAT, field, graph, node, weight, write_model

HEARD: SoundInput = field("audio", rate=16_000, min_seconds=0.5, max_seconds=60)


async def taken(data: bytes) -> bytes:
    async with Intake().upload(1) as upload:
        upload.file.write(data)
        return await upload.sound(HEARD)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_phones_record_becomes_one_channel(kind: str) -> None:
    rate, channels = (8_000, 1) if kind == "amr" else (48_000, 1) if kind == "voice" else (44_100, 2)
    kept = await taken(encoded(kind, rate=rate, channels=channels))
    assert seconds_of(kept) == pytest.approx(1, abs=0.1)
    assert np.abs(samples_of(kept)).max() > 0.1


async def test_silence_is_a_sound() -> None:
    assert not samples_of(await taken(encoded("voice", loud=0))).any()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello" * 1000,
        b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        encoded("voice").replace(b"OpusHead", b"OtherOne"),
    ],
)
async def test_what_is_no_sound_is_told(data: bytes) -> None:
    with pytest.raises(errors.UnreadableSound):
        await taken(data)


async def test_an_hour_is_refused_by_its_length() -> None:
    with pytest.raises(errors.SoundTooLong) as found:
        await taken(encoded("amr", seconds=600, rate=8_000, loud=0))
    assert found.value.params["most"] == "1:00"
    with pytest.raises(errors.SoundTooLong) as told:
        await taken(wav_of(bytes(2 * 1_000 * 3_600), 1_000))
    assert told.value.params["given"] == "1:00:00"


async def test_a_short_one_is_told_how_long() -> None:
    with pytest.raises(errors.SoundTooShort) as found:
        await taken(encoded("wav", seconds=0.2))
    assert found.value.params["min"] == "0.5"


def tone(*samples: float, rate: int = 16_000) -> bytes:
    return wav_of(np.rint(np.array(samples) * 32_767).astype("<i2").tobytes(), rate)


def sums(shape: list[Any], axes: list[int], dtype: int = FLOAT) -> bytes:
    """The sum of all samples of each row."""
    whole = node("Cast", ["X"], ["C"], to=FLOAT)
    total = node("ReduceSum", ["C", "axes"], ["S"], keepdims=0)
    column = node("Reshape", ["S", "column"], ["Y"])
    weights = [weight("axes", axes, np.int64), weight("column", [-1, 1], np.int64)]
    return graph([whole, total, column], [("X", dtype, shape)], [("Y", FLOAT, ["N", 1])], weights)


def loaded(
    root: Path, data: bytes, more: str = "", tensor: str = 'name = "X"', outputs: str | None = None
) -> OnnxRuntime:
    asked = f'[[inputs]]\nname = "x"\ntype = "audio"\nlabel = "X"\nrate = 16000\n{more}\ntensor = {{ {tensor} }}\n'
    number = '[[outputs]]\nname = "y"\ntype = "number"\nlabel = "Y"\ntensor = "Y"\n'
    folder = write_model(root, data, asked + (outputs or number))
    runtime = OnnxRuntime(load_manifest(folder), folder)
    runtime.load()
    return runtime


def answered(runtime: TensorRuntime, *sounds: bytes) -> list[Any]:
    rows = [Row(values={"x": {"file": "0" * 32}}, files={"x": sound}) for sound in sounds]
    given = runtime.run(rows, Limit(10))
    return [answer.outputs["y"] if isinstance(answer, Result) else answer for answer in given]


@pytest.mark.parametrize(
    ("shape", "axes", "tensor"),
    [
        (["N", "S"], [1], 'name = "X"'),
        (["N", 1, "S"], [1, 2], 'name = "X", layout = "channel"'),
        (["N", "S", 1], [1, 2], 'name = "X", layout = "column"'),
        (["S"], [0], 'name = "X"'),
        ([1, "S"], [1], 'name = "X"'),
    ],
)
def test_sounds_of_several_lengths(tmp_path: Path, shape: list[Any], axes: list[int], tensor: str) -> None:
    runtime = loaded(tmp_path, sums(shape, axes), tensor=tensor)
    heard = answered(runtime, tone(0.5, 0.25), tone(0.5), tone(-0.5, 0, 0.25), tone(0.25, 0.25))
    assert heard == pytest.approx([0.75, 0.5, -0.25, 0.5], abs=1e-3)


def test_a_fixed_length_is_cut_or_filled_with_silence(tmp_path: Path) -> None:
    runtime = loaded(tmp_path, sums(["N", 3], [1]), more="length = 3")
    assert answered(runtime, tone(0.5), tone(0.1, 0.1, 0.1, 0.9)) == pytest.approx([0.5, 0.3], abs=1e-3)


def test_whole_numbers_are_as_loud(tmp_path: Path) -> None:
    runtime = loaded(tmp_path, sums(["N", "S"], [1], dtype=5), tensor='name = "X", dtype = "int16"')
    assert answered(runtime, tone(0.5, -0.25)) == pytest.approx([32_767 * 0.25], abs=2)


def remembering() -> bytes:
    """Two samples and one of those before; adds up what it has heard, and gives the sum so far."""
    nodes = [
        node("ReduceSum", ["X", "axis"], ["now"], keepdims=1),
        node("Add", ["now", "state"], ["stateN"]),
        node("Add", ["stateN", "offset"], ["Y"]),
    ]
    inputs = [("X", FLOAT, ["N", 3]), ("state", FLOAT, ["N", 1]), ("offset", FLOAT, [])]
    outputs = [("Y", FLOAT, ["N", 1]), ("stateN", FLOAT, ["N", 1])]
    return graph(nodes, inputs, outputs, [weight("axis", [1], np.int64)])


CONSTANTS = '[[constants]]\ntensor = "state"\nshape = [1, 1]\nvalue = 0\n[[constants]]\ntensor = "offset"\nvalue = 10\n'
SAID = '[[outputs]]\nname = "y"\ntype = "series"\nlabel = "Y"\ntensor = "Y"\n' + CONSTANTS


def test_windows_remember_those_before(tmp_path: Path) -> None:
    tensor = 'name = "X", window = 2, context = 1, states = { state = "stateN" }'
    runtime = loaded(tmp_path, remembering(), tensor=tensor, outputs=SAID)
    first, second = answered(runtime, tone(0.1, 0.2, 0.3, 0.4, 0.5), tone(0.1))
    assert first == pytest.approx([10.3, 11.2, 12.1], abs=1e-3)  # 0 .1 .2 · .2 .3 .4 · .4 .5 0
    assert second == pytest.approx([10.1], abs=1e-3)


def test_windows_of_a_model_in_a_process_of_its_own(tmp_path: Path) -> None:
    tensor = 'name = "X", window = 2, context = 1, states = { state = "stateN" }'
    runtime = loaded(tmp_path, remembering(), tensor=tensor, outputs=SAID)
    runtime.close()
    apart = IsolatedOnnxRuntime(load_manifest(tmp_path / "tiny"), tmp_path / "tiny")
    apart.load()
    try:
        assert answered(apart, tone(0.1, 0.2, 0.3))[0] == pytest.approx([10.3, 10.8], abs=1e-3)
    finally:
        apart.close()


@pytest.mark.parametrize(
    ("more", "tensor", "key"),
    [
        ("max_seconds = 300\nmin_seconds = 301", 'name = "X"', "inputs.x"),
        ("", 'name = "X", context = 3', "inputs.x.tensor.context"),
        ("length = 3", 'name = "X", window = 3', "inputs.x.length"),
        ('example = "none.wav"', 'name = "X"', "inputs.x.example"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path: Path, more: str, tensor: str, key: str) -> None:
    with pytest.raises(ManifestError) as found:
        loaded(tmp_path, sums(["N", "S"], [1]), more, tensor)
    assert found.value.key.startswith(key)


def test_a_state_that_the_graph_has_not_is_told(tmp_path: Path) -> None:
    tensor = 'name = "X", window = 2, context = 1, states = { other = "stateN" }'
    with pytest.raises(ShopError, match='no input "other"'):
        loaded(tmp_path, remembering(), tensor=tensor, outputs=SAID)


PLAYED = '[[outputs]]\nname = "y"\ntype = "audio"\nlabel = "Y"\nrate = 8000\ntensor = "Y"\n'


@pytest.mark.parametrize("whole", [False, True])
def test_samples_become_a_sound(tmp_path: Path, whole: bool) -> None:
    samples = [("X", FLOAT, ["N", "S"])], [("Y", 5 if whole else FLOAT, ["N", "S"])]
    last = [node("Mul", ["X", "scale"], ["L"]), node("Cast", ["L"], ["Y"], to=5 if whole else FLOAT)]
    data = graph(last, *samples, [weight("scale", 32_767.0 if whole else 1.0)])
    runtime = loaded(tmp_path, data, outputs=PLAYED)
    (heard,) = runtime.run([Row(values={"x": {"file": "0" * 32}}, files={"x": tone(0.5, -0.25)})], Limit(10))
    assert isinstance(heard, Result)
    assert heard.outputs == {"y": pytest.approx(2 / 8000, abs=1e-3)}
    assert samples_of(heard.images["y"]) == pytest.approx([0.5, -0.25], abs=1e-3)
    assert voice_of(heard.images["y"]).startswith(b"OggS")


def test_no_sound_is_no_answer(tmp_path: Path) -> None:
    silent = [node("Log", ["X"], ["Y"])]
    runtime = loaded(tmp_path, graph(silent, [("X", FLOAT, ["N", "S"])], [("Y", FLOAT, ["N", "S"])]), outputs=PLAYED)
    assert isinstance(answered(runtime, tone(-0.5))[0], BadOutput)
