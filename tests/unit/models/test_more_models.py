"""The models of `models_more/`: what the files of others' packages give by a manifest alone."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from services.authoring.check import check_folder
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.manifest import load_manifest
from services.manifests.packages import packaged_file
from services.values.sounds import samples_of, wav_of

STORE = Path(__file__).parents[3] / "models_more"


def loaded(slug: str) -> OnnxRuntime:
    runtime = OnnxRuntime(load_manifest(STORE / slug), STORE / slug)
    runtime.load()
    return runtime


def answer(slug: str, row: Row) -> dict[str, Any]:
    (given,) = loaded(slug).run([row], Limit(20))
    assert isinstance(given, Result)
    return given.outputs


@pytest.mark.parametrize("slug", ["voice-activity", "sentence"])
def test_they_pass_the_check(slug: str) -> None:
    assert [line for line in check_folder(STORE / slug) if not line.ok] == []


def test_speech_is_heard_as_the_package_hears_it() -> None:
    """A voice of its own makes: pulses at 120 a second through two formants, a second of silence before and after."""
    rate = 16_000
    pulses = np.zeros(2 * rate)
    pulses[:: rate // 120] = 1
    for place, width in ((700, 80), (1200, 100), (2600, 150)):
        times = np.arange(800) / rate
        pulses = np.convolve(pulses, np.exp(-np.pi * width * times) * np.sin(2 * np.pi * place * times))[: 2 * rate]
    swelling = 0.5 * (1 + np.sin(2 * np.pi * 4 * np.arange(2 * rate) / rate))
    sound = np.concatenate([np.zeros(rate), pulses / np.abs(pulses).max() * swelling * 0.5, np.zeros(rate)])
    kept = wav_of(np.rint(sound * 32_767).astype("<i2").tobytes(), rate)
    row, expected = Row(values={"sound": {"file": "0" * 32}}, files={"sound": kept}), by_hand(samples_of(kept))
    heard = loaded("voice-activity").outputs([row], ["output"], Limit(20))["output"]
    assert heard[0] == pytest.approx(expected, abs=1e-5)
    assert answer("voice-activity", row)["share"] == pytest.approx(np.mean(np.array(expected) >= 0.5))


def by_hand(sound: Any) -> list[float]:
    """As silero-vad's own `OnnxWrapper` calls the file."""
    session = onnxruntime.InferenceSession(packaged_file("silero-vad", "silero_vad/data/silero_vad_16k_op15.onnx"))
    state, context, said = np.zeros((2, 1, 128), np.float32), np.zeros((1, 64), np.float32), []
    sound = np.pad(sound, (0, -len(sound) % 512))
    for start in range(0, len(sound), 512):
        piece = np.concatenate([context, sound[np.newaxis, start : start + 512]], axis=1)
        probability, state = session.run(None, {"input": piece, "state": state, "sr": np.array(16_000)})
        context = piece[:, -64:]
        said.append(float(probability[0, 0]))
    return said


def test_texts_that_mean_the_same_are_near() -> None:
    texts = ["The wine is dry.", "This wine has little sugar in it.", "My train leaves at nine."]
    wine, dry, train = (np.array(answer("sentence", Row(values={"text": text}))["vector"]) for text in texts)
    assert len(wine) == 384
    assert np.linalg.norm(wine) == pytest.approx(1)
    assert wine @ dry > 0.5
    assert wine @ train < 0.3
