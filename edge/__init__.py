"""The card scanner's daemon: from camera frames to published card identities."""

import os

# ONNX Runtime (since 1.32) would write a device number into the home folder and report its use to Microsoft; it reads
# this once, when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
