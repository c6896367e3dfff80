"""What can be wrong with a run, and with the model that runs."""

from typing import Any

from services.errors import N_, ShopError


class InferenceError(ShopError):
    """A run that gave no answer; `retryable` tells whether the same row may go well later."""

    retryable: bool = False
    facts: dict[str, Any] | None = None  # Any: JSON
    """What a server said, for the journal: `status_code`, and the beginning of its `body`."""


class ModelUnavailable(InferenceError):
    """No such model is loaded now, or it was unloaded while the row waited."""

    retryable = True
    message = N_("This model is not available right now. Please try again later.")


class ServerAway(ModelUnavailable):
    """The server that runs this model cannot be reached, or does not serve now. `problem` is for the operator."""

    def __init__(self, *, problem: str) -> None:
        super().__init__(problem=problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class NotTried(ModelUnavailable):
    """Other rows of the batch used the run's time up; nothing is known of this one."""


class ModelBroken(InferenceError):
    """The model's file cannot be run, or not with this manifest; the operator's line is `problem` and `fix`."""

    message = N_("This model is out of order. We are looking into it.")

    def __init__(self, *, problem: str, fix: str = "Export the model again") -> None:
        super().__init__(problem=problem, fix=fix)
        self.problem, self.fix = problem, fix

    def __str__(self) -> str:
        return f"{self.problem}. {self.fix}" if self.fix else self.problem


class ModelTooNew(ModelBroken):
    """Its format (IR) is newer than the engine reads; often nothing in it but the number is. `newest` is read."""

    def __init__(self, *, problem: str, newest: int) -> None:
        fix = f"Write it as IR {newest}: kassandra models init does, or model.ir_version = {newest} before onnx.save"
        super().__init__(problem=problem, fix=fix)
        self.newest = newest


class OpsetTooNew(ModelBroken):
    """Its operators are of a newer version than the engine knows; an older one may do the same."""

    def __init__(self, *, opset: int) -> None:
        fix = "Export it with an older one: opset_version=21 in torch.onnx.export, target_opset=21 in skl2onnx"
        super().__init__(problem=f"its opset {opset} is newer than onnxruntime knows", fix=fix)


class RunTimeout(InferenceError):
    """The run was stopped after the manifest's `runtime.timeout` seconds."""

    retryable = True
    message = N_("The model did not answer in {seconds} s.")

    fix = "Raise runtime.timeout, or take a smaller model"

    @property
    def problem(self) -> str:
        return f"one run takes over {self.params['seconds']:g} s"

    def __str__(self) -> str:
        return f"{self.problem}. {self.fix}"


class RunFailed(InferenceError):
    """The runtime refused this row; it refuses the same row again, unless memory was short."""

    message = N_("The model could not answer.")

    def __init__(self, *, problem: str, retryable: bool = False, retry_after: float | None = None) -> None:
        """`retry_after`: seconds until the server wants to be asked again, where it says so."""
        super().__init__(problem=problem)
        self.problem, self.retryable, self.retry_after = problem, retryable, retry_after

    def __str__(self) -> str:
        return self.problem


class StreamCut(RunFailed):
    """An answer that had begun to come did not come to its end, or stopped making sense."""


class BadInput(InferenceError):
    """The row does not fit the manifest: a value is missing or of another type."""

    message = N_("The value “{name}” does not fit this model any more. Please fill in the form again.")


class PictureRefused(BadInput):
    """The server's model cannot look at pictures. `problem` is for the log."""

    message = N_("This assistant cannot look at pictures. Please say it in words.")

    def __init__(self, *, problem: str) -> None:
        super().__init__(problem=problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class PictureGone(BadInput):
    """A picture of a message was deleted before it was sent."""

    message = N_("The picture of this message has been deleted. Please send it again.")


class SoundRefused(BadInput):
    """The server cannot listen to this voice message. `problem` is for the log."""

    message = N_("The voice message could not be listened to. Please record it again, or write.")

    def __init__(self, *, problem: str) -> None:
        super().__init__(problem=problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class VoiceGone(BadInput):
    """A voice message was deleted before it was listened to."""

    message = N_("The voice message has been deleted. Please record it again.")


class RequestRefused(InferenceError):
    """The server will not do this for anybody: its rules forbid what was asked. `problem` is for the log."""

    message = N_("The model refused: what you asked for is against its rules.")

    def __init__(self, *, problem: str) -> None:
        super().__init__(problem=problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class BadOutput(InferenceError):
    """The model answered with what cannot be shown: not a number, or of a shape the manifest does not tell."""

    message = N_("The model gave no usable answer.")

    def __init__(self, *, problem: str, fix: str = "") -> None:
        """`fix`: what to change in the manifest, where that would do."""
        super().__init__(problem=problem)
        self.problem, self.fix = problem, fix

    def __str__(self) -> str:
        return self.problem


class EmptyAnswer(BadOutput):
    """Not a word of the answer is for the customer: there was none, or the model only thought."""

    message = N_("The assistant gave no answer. Please try again, or say it in other words.")


class NothingHeard(BadOutput):
    """There is not a word in a voice message."""

    message = N_("Not a word could be heard in that. Please say it again, or write.")


class ContextTooLong(InferenceError):
    """The server finds the conversation longer than its model can read; a shorter one may go well. `problem` is for
    the log."""

    retryable = True
    message = N_("This is longer than the assistant can read. Please write less, or begin a new conversation.")

    def __init__(self, *, problem: str) -> None:
        super().__init__(problem=problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class NotDelivered(InferenceError):
    """The model answered, and the answer never reached the customer in any form."""

    message = N_("The answer could not be delivered to you.")
