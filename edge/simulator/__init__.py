"""The simulated bench: procedural trading cards, and scenes that put them before a virtual camera.

Cards come from `sets` (which cards exist) and `card` (what one looks like). Its truth is read by tests, training and
benchmarks only.
"""
