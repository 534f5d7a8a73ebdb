"""The daemon: threads, supervision, administration, systemd."""
