"""Trains the model that the scanner runs, builds its card database, and measures both. Never imported by `edge`."""
