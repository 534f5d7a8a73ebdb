"""Recordings: what a scanner saw and said, in one file that replays."""
