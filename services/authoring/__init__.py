"""Tools for a model's author: what an ONNX file says of itself, and the first manifest made of it."""
