"""A process that paints so many photos of all sizes with both models that paint. It tells the megabytes that it holds
after a fifth of them and after all, and held at the most: `python -m tests.unit.inference.painting_process COUNT`."""

import io
import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from bot.wiring.inference import RUNTIMES
from services.inference.heap import one_arena
from services.inference.runtimes.base import Limit, Runtime
from services.inference.runtimes.style_transfer.kind import STYLE_TRANSFER
from services.inference.tensors import Result, Row
from services.manifests.manifest import ChoiceInput, Manifest, load_manifest
from tests.support.memory import highest, resident
from tests.unit.models.runs import PAINTERS, STORE

SIZES = ((1, 1), (40, 1280), (1280, 60), (512, 512), (960, 1280), (1280, 1280), (333, 77))


def main() -> None:
    one_arena()  # as the shop does
    count = int(sys.argv[1])
    models = []
    for slug in PAINTERS:
        manifest = load_manifest(STORE / slug, RUNTIMES.specs)
        runtime = STYLE_TRANSFER.open(manifest, STORE / slug)
        runtime.load()
        models.append((manifest, runtime))
    chance = random.Random(1)
    jobs = [(models[number % 5 == 0], chance.choice(SIZES), number) for number in range(count)]
    with ThreadPoolExecutor(STYLE_TRANSFER.threads) as threads:  # as the engine has them
        for number, _ in enumerate(threads.map(_paint, jobs), start=1):
            if number in (count // 5, count):
                sys.stdout.write(f"{resident(os.getpid())} {highest()}\n")


def _paint(job: tuple[tuple[Manifest, Runtime], tuple[int, int], int]) -> None:
    (manifest, runtime), size, seed = job
    chance, stream = random.Random(seed), io.BytesIO()
    Image.open(STORE / "painter" / "example.jpg").resize(size).save(stream, "JPEG")
    values = {f.name: chance.choice(f.options).value for f in manifest.inputs if isinstance(f, ChoiceInput)}
    style = (STORE / "own-style" / "style.jpg").read_bytes()
    row = Row(values=values, files={"photo": stream.getvalue(), "style_photo": style})
    (answer,) = runtime.run([row], Limit(60))
    assert isinstance(answer, Result), answer


if __name__ == "__main__":
    main()
