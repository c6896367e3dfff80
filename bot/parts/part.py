"""What a part of the process is to the whole."""

from collections.abc import Callable, Mapping

from bot.probes import OK, Probe


class Part:
    """One that says nothing else builds all when it is made, and has nothing to start, to stop or to tell."""

    def open(self) -> None:
        """What can fail at once, before anything runs. Raises `StartError`."""

    def meet_telegram(self) -> None:
        """What it brings can come in: the models are known, if not loaded yet."""

    def start(self) -> None:
        """What does not need Telegram, and needs the models."""

    def talk(self) -> None:
        """Telegram knows of us."""

    def stop(self) -> None:
        """Begin nothing new: the process ends."""

    async def close(self) -> None:
        """What it ran is over."""

    @property
    def probes(self) -> Mapping[str, Probe]:
        """What `Health` is to look at, by name."""
        return {}

    @property
    def rounds(self) -> Mapping[str, Callable[[], float | None]]:
        """Loops that come round every second: the loop time when each last did."""
        return {}

    def telegram_state(self) -> str:
        """Whether it hears from Telegram, once that knows of us."""
        return OK
