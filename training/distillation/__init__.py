"""Makes a small network see cards as a large one does."""
