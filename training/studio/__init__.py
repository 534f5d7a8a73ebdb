"""The studio: trainings, started and followed in a browser. It owns nothing; the folders of runs are the truth."""
