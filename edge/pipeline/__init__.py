"""The stages between a frame and what is said of its cards."""
