"""Models at servers of the Open Inference Protocol (KServe's v2): Triton, MLServer, KServe, OpenVINO and others."""
