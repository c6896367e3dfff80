"""Sounds of strangers: decoded to one channel, kept as WAV, and read again as samples."""

import io
import wave
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from services.manifests.inputs import SoundInput
from services.values.errors import SoundTooLong, SoundTooShort, UnreadableSound, WrongRate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_BYTES: Final = 20_000_000  # of a file: bots are given no larger ones
MEDIA_TYPE: Final = "audio/wav"
WIDTH: Final = 2  # bytes of a sample
FORMATS: Final = "ogg,mp3,mov,matroska,webm,wav,flac,amr,aac,aiff,caf"
"""None of those that name other files, as playlists do."""
_FULL: Final = 32768


def take_sound(file: BinaryIO, *, rate: int, most: float) -> bytes:
    """The first sound of a file, of at most so many seconds. Raises UnreadableSound, SoundTooLong; MemoryError in a
    process whose memory is bounded."""
    import av  # 21 MB, in a process that ends

    limit, taken = int(most * rate), bytearray()
    try:
        container: Any = av.open(file, "r", metadata_errors="ignore", container_options={"format_whitelist": FORMATS})
        with container:
            told = (container.duration or 0) / av.time_base
            if told > most + 1:
                raise SoundTooLong(given=clock_time(told), most=clock_time(most))
            for piece in _decoded(container, av, rate):
                taken += piece
                if len(taken) > limit * WIDTH:
                    lasts = max(told, len(taken) / WIDTH / rate)
                    raise SoundTooLong(given=clock_time(lasts), most=clock_time(most))
    except (av.error.FFmpegError, ValueError, IndexError, AttributeError, OverflowError, EOFError) as error:
        raise UnreadableSound() from error
    if not taken:
        raise UnreadableSound()
    return wav_of(bytes(taken), rate)


def _decoded(container: Any, av: Any, rate: int) -> Iterator[bytes]:  # Any: the library and what it opened
    """Samples of 16 bits; packets that are broken are passed over, as players do."""
    stream = container.streams.audio[0]
    stream.codec_context.thread_count = 1
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            yield from map(_samples, resampler.resample(frame))
    yield from map(_samples, resampler.resample(None))


def _samples(frame: Any) -> bytes:  # Any: as above
    return bytes(frame.planes[0])[: frame.samples * WIDTH]


def is_sound(content: bytes) -> bool:
    """Whether it is what `wav_of` wrote, and not a picture."""
    return content.startswith(b"RIFF") and content[8:12] == b"WAVE"


def clock_time(seconds: float) -> str:
    """As players show it: `1:01:05`."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def wav_of(samples: bytes, rate: int) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(WIDTH)
        written.setframerate(rate)
        written.writeframes(samples)
    return stream.getvalue()


def voice_of(content: bytes) -> bytes:
    """What `wav_of` wrote as Opus in Ogg, which chats play as a voice message."""
    import av  # 21 MB that a shop needs once a model answers with a sound

    rate, samples = _opened(content)
    samples = samples.ljust(rate // 10 * WIDTH, b"\0")  # less than a frame would be nothing
    stream, resampler = io.BytesIO(), av.AudioResampler(format="s16", layout="mono", rate=48_000)
    written: Any = av.open(stream, "w", format="ogg")
    with written:
        track = written.add_stream("libopus", rate=48_000, layout="mono")
        for start in range(0, len(samples), rate * WIDTH):
            piece = samples[start : start + rate * WIDTH]
            frame = av.AudioFrame(format="s16", layout="mono", samples=len(piece) // WIDTH)
            frame.planes[0].update(piece.ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts = rate, start // WIDTH
            for part in resampler.resample(frame):
                written.mux(track.encode(part))
        for part in resampler.resample(None):
            written.mux(track.encode(part))
        written.mux(track.encode(None))
    return stream.getvalue()


def samples_of(content: bytes) -> "NDArray[np.float32]":
    """From −1 to 1, of what `wav_of` wrote. Raises UnreadableSound."""
    import numpy as np

    return np.frombuffer(_opened(content)[1], "<i2").astype(np.float32) / np.float32(_FULL)


def seconds_of(content: bytes) -> float:
    """Raises UnreadableSound."""
    rate, samples = _opened(content)
    return len(samples) / WIDTH / rate


def check_sound(field: SoundInput, content: bytes) -> None:
    """Raises a leaf of InvalidValue where what is kept does not answer the question."""
    rate, samples = _opened(content)
    if rate != field.rate:
        raise WrongRate(given=rate, wanted=field.rate)
    seconds = len(samples) / WIDTH / rate
    if seconds > field.max_seconds + 1 / rate:
        raise SoundTooLong(given=clock_time(seconds), most=clock_time(field.max_seconds))
    if seconds < field.min_seconds:
        raise SoundTooShort(min=f"{field.min_seconds:g}")


def _opened(content: bytes) -> tuple[int, bytes]:
    try:
        with wave.open(io.BytesIO(content)) as read:
            if (read.getnchannels(), read.getsampwidth()) != (1, WIDTH) or not read.getnframes():
                raise UnreadableSound()
            return read.getframerate(), read.readframes(read.getnframes())
    except (wave.Error, EOFError, ValueError) as error:
        raise UnreadableSound() from error
