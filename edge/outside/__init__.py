"""The daemon as other programs see it: a process that publishes messages."""
