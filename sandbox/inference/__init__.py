"""An inference server that speaks the Open Inference Protocol as Triton, MLServer, KServe or OpenVINO do."""
