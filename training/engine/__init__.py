"""One training loop for every network, its runs, and what they leave on the disk."""
