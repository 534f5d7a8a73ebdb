"""Measures the scanner on scenes, photos and crops that nothing was trained or tuned on."""
