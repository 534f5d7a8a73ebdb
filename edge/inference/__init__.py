"""Networks that ONNX Runtime runs: opened only where they are what their manifest says."""
