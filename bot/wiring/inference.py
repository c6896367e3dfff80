"""What models may run on in this shop."""

from typing import Final

from services.inference.runtimes.chat.kind import CHAT
from services.inference.runtimes.comfyui.kind import COMFYUI
from services.inference.runtimes.images.kind import IMAGES
from services.inference.runtimes.onnx_kind import ONNX
from services.inference.runtimes.open_inference.kind import OPEN_INFERENCE
from services.inference.runtimes.registry import Runtimes
from services.inference.runtimes.style_transfer.kind import STYLE_TRANSFER

RUNTIMES: Final = Runtimes([ONNX, STYLE_TRANSFER, OPEN_INFERENCE, COMFYUI, IMAGES, CHAT])
