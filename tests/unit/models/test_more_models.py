"""The models of `models_more/`: what files, most of them of others' packages, give by a manifest alone."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image, ImageEnhance

from services.authoring.check import check_folder
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.manifest import load_manifest
from services.manifests.packages import packaged_file
from services.values.sounds import samples_of, wav_of
from tests.unit.inference.test_preparation import png

STORE = Path(__file__).parents[3] / "models_more"


def loaded(slug: str) -> OnnxRuntime:
    runtime = OnnxRuntime(load_manifest(STORE / slug), STORE / slug)
    runtime.load()
    return runtime


def answer(slug: str, row: Row) -> dict[str, Any]:
    (given,) = loaded(slug).run([row], Limit(20))
    assert isinstance(given, Result)
    return given.outputs


@pytest.mark.parametrize("slug", ["voice-activity", "sentence", "keyword", "text-line", "same-picture"])
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


def test_a_keyword_is_judged_as_its_two_graphs_do() -> None:
    """Noise that swells: no keyword, but as near to one for the shop as for the files themselves."""
    times = np.arange(40_000) / 16_000
    noise = np.random.default_rng(1).normal(0, 0.1, len(times)) * (1 + np.sin(2 * np.pi * 3 * times))
    kept = wav_of(np.rint(noise.clip(-1, 1) * 32_767).astype("<i2").tobytes(), 16_000)
    row = Row(values={"sound": {"file": "0" * 32}}, files={"sound": kept})
    folder = "ovos_ww_plugin_wakeforge"
    hears, judges = (
        onnxruntime.InferenceSession(packaged_file("ovos-ww-plugin-wakeforge", f"{folder}/{name}.onnx"))
        for name in ("featurizers/wakehubert-tiny/wakehubert", "models/wake_up")
    )
    sound = np.pad(samples_of(kept), (20_000, 0))
    expected = []
    for start in range(0, 40_000, 4_000):
        (features,) = hears.run(None, {"waveform": sound[np.newaxis, start : start + 24_000]})
        expected.append(float(judges.run(None, {"features": features})[0][0]))
    found = loaded("keyword").outputs([row], ["logit_calibrated"], Limit(30))["logit_calibrated"]
    assert found[0] == pytest.approx(expected, abs=1e-4)
    told = answer("keyword", row)
    assert told["said"] == pytest.approx(1 / (1 + np.exp(-max(expected))), abs=1e-5)
    assert told["when"] == ""


def test_a_line_is_read() -> None:
    content = (STORE / "text-line" / "example.png").read_bytes()
    told = answer("text-line", Row(values={"line": {"file": "0" * 32}}, files={"line": content}))
    assert told["text"] == "Total: 1,249.50 EUR"
    assert told["sure"] > 0.9


def test_the_same_picture_is_known_smaller_lighter_and_compressed() -> None:
    folder = STORE.parent / "models_store" / "own-style"
    photo, other = (Image.open(folder / name).convert("RGB") for name in ("example.jpg", "style.jpg"))
    small = ImageEnhance.Brightness(photo.resize((photo.width // 2, photo.height // 2))).enhance(1.15)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=40)

    def likeness(*pictures: bytes) -> Any:
        files = {f"pictures.{place}": each for place, each in enumerate(pictures)}
        return answer("same-picture", Row(values={"pictures": {"files": ["0" * 32] * len(pictures)}}, files=files))

    assert likeness(png(photo), stream.getvalue())["likeness"] > 0.97
    assert likeness(png(photo), png(other))["likeness"] < 0.8
    assert likeness(png(photo), stream.getvalue(), png(other))["likeness"] < 0.8


def test_texts_that_mean_the_same_are_near() -> None:
    texts = ["The wine is dry.", "This wine has little sugar in it.", "My train leaves at nine."]
    wine, dry, train = (np.array(answer("sentence", Row(values={"text": text}))["vector"]) for text in texts)
    assert len(wine) == 384
    assert np.linalg.norm(wine) == pytest.approx(1)
    assert wine @ dry > 0.5
    assert wine @ train < 0.3
