"""Pixels in, pixels out: reading photos, rectification, preprocessing, hashing."""
