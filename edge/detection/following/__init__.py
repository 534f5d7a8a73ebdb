"""Detection from frame to frame: live pictures, a sensor's boxes, photos."""
