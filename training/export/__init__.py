"""From a checkpoint to the files that the scanner's devices run."""
