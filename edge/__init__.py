"""The card scanner's daemon: from camera frames to published card identities."""
