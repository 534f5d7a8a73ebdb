"""Embedding models: rectified cards in, unit vectors out. One file per runtime."""
