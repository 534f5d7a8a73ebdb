"""Names of the files in a run's folder."""

CHECKPOINT = "checkpoint.pt"
BEST = "best.pt"
RUN = "run.json"
HISTORY = "history.jsonl"
LOCK = "lock"
