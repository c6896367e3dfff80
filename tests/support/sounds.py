"""Sounds as people and programs send them."""

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np


def encoded(kind: str, *, seconds: float = 1.0, rate: int = 48_000, channels: int = 1, loud: float = 0.2) -> bytes:
    """Noise, or silence where it is not `loud`. `kind`: one of `KINDS`; `voice` is what Telegram makes."""
    container, codec = KINDS[kind]
    stream, layout = io.BytesIO(), "mono" if channels == 1 else "stereo"
    samples = np.random.default_rng(0).normal(0, loud, int(seconds * rate)).clip(-1, 1).astype(np.float32)
    written: Any = av.open(stream, "w", format=container)
    with written:
        track = written.add_stream(codec, rate=rate, layout=layout)
        for start in range(0, len(samples), rate):
            piece = np.ascontiguousarray(np.stack([samples[start : start + rate]] * channels))
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            written.mux(track.encode(frame))
        written.mux(track.encode(None))
    return stream.getvalue()


KINDS = {
    "voice": ("ogg", "libopus"),
    "mp3": ("mp3", "libmp3lame"),
    "m4a": ("ipod", "aac"),
    "amr": ("amr", "libopencore_amrnb"),
    "wav": ("wav", "pcm_s16le"),
    "flac": ("flac", "flac"),
}
