"""Why a file that was sent cannot be sold, as rows keep it; and what would mend that."""

from typing import Final

from services.errors import N_

UPLOAD_PROBLEMS: Final = (
    N_("not an ONNX file: it is empty"),
    N_("not an ONNX file: it is a ZIP archive, as PyTorch and Keras save models"),
    N_("not an ONNX file: it is an HDF5 file, as Keras saves models"),
    N_("not an ONNX file: it is a Python pickle"),
    N_("not an ONNX file: it is a pointer of Git LFS and not the file itself"),
    N_("not an ONNX file: it is a web page"),
    N_("not an ONNX file, or a damaged one"),
    N_('the graph uses "{name}", which onnxruntime does not know'),
    N_('the graph uses "{name}", of an extension that is not loaded here'),
    N_("onnxruntime cannot compute {name} with numbers of this type (often float64)"),
    N_('its weights are kept in another file, "{file}"'),
    N_("the graph has {count} nodes, and {most} are the most"),
    N_("reading it and trying it takes over {seconds} seconds"),
    N_("one run takes over {seconds} seconds and was stopped"),
    N_("the process that read it crashed, or took more memory than it may"),
    N_("its process ended while the model was opened: {why}"),
    N_("its check ended {count} times without a word"),
    N_("it takes more memory than it may"),
    N_("what was found in it makes no sense"),
    N_("its file is not in the store (FILES_URL) any more, or is another one"),
    N_("an upload has the same slug; the folder of MODELS_DIR is sold, the upload is not"),
    N_("the example gives no answer: {why}"),
    N_("a name in it has a character that cannot be kept"),
    N_("the process that read it could reach the network: this system confines no better"),
    N_("the process that read it could open the shop's files: this system confines no better"),
    N_("{count} names of questions are given, and the model asks {columns}"),
)
UPLOAD_FIXES: Final = (
    N_("Export it: torch.onnx.export, or tf2onnx for Keras"),
    N_("Export it with tf2onnx"),
    N_("Export the model in it: skl2onnx.to_onnx, or torch.onnx.export"),
    N_("Fetch the file: git lfs pull"),
    N_("Download the file itself"),
    N_("Export or copy it again"),
    N_("Export the model to ONNX, or copy the file again if it was one"),
    N_("Export it with standard ONNX operators alone"),
    N_("Save it with its weights inside: onnx.save(onnx.load(F), G)"),
    N_("Take a smaller model"),
    N_("Take a smaller model, or export it again"),
    N_("Take another model, or raise runtime.memory_mb"),
    N_("Export the model again"),
    N_("Export it again"),
    N_("Send it again"),
    N_("Write the names anew"),
    N_("Name as many, in the order of the columns"),
)
