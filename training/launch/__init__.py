"""Starts training elsewhere; nothing imports it."""
