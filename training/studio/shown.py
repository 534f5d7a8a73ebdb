"""What the studio shows of each run."""

from pathlib import Path
from typing import Any

from training.engine import names
from training.engine.found_runs import INTERRUPTED, FoundRun, find_runs, read_run
from training.studio.processes import STARTED, last_line, started_process


def shown_runs(runs: Path) -> list[dict[str, Any]]:
    """All runs, also those whose process has not got to training yet, the last changed first."""
    if not runs.is_dir():
        return []
    waiting = [
        file.parent
        for file in sorted(runs.glob(f"*/{STARTED}"), key=lambda file: file.stat().st_mtime, reverse=True)
        if not (file.parent / names.RUN).exists()
    ]
    return [*(_waiting(folder) for folder in waiting), *(_found(run) for run in find_runs(runs))]


def shown_run(runs: Path, name: str) -> dict[str, Any] | None:
    """One run; None where there is none of this name."""
    folder = runs / name
    if (folder / names.RUN).is_file():
        return _found(read_run(runs, folder))
    return _waiting(folder) if (folder / STARTED).is_file() else None


def _waiting(folder: Path) -> dict[str, Any]:
    process, said = started_process(folder), last_line(folder)
    state = "starting" if process else f"failed: {said or 'it ended without a word'}"
    return {"name": folder.name, "state": state, "process": process, "said": said}


def _found(run: FoundRun) -> dict[str, Any]:
    process = run.process or (started_process(run.folder) if _begins_anew(run.folder) else 0)
    state = "starting" if process and not run.process else run.state
    return {
        "name": run.name,
        "state": state,
        "process": process,
        "said": last_line(run.folder),
        "command": run.description.get("command", ""),
        "step": run.trained.get("step"),
        "progress": 1.0 if run.state == "finished" else run.trained.get("progress"),
        "left_s": run.trained.get("eta_s") if run.process else None,
        "images_per_s": run.trained.get("images_per_s"),
        "recall_at_1": run.best.get("recall_at_1"),
        "margin_p5": run.best.get("margin_p5"),
        "can_resume": not process and _may_go_on(run),
    }


def _may_go_on(run: FoundRun) -> bool:
    """Whether one process can go on with a run; one of several goes on by the torchrun line that it began with."""
    ended = run.state in (INTERRUPTED, "stopped") or run.state.startswith("failed")
    return ended and run.description.get("processes", 1) == 1


def _begins_anew(folder: Path) -> bool:
    """Whether a process was started after the run's last one: before it takes the folder, it loads and decodes."""
    started = folder / STARTED
    return started.exists() and started.stat().st_mtime_ns > (folder / names.RUN).stat().st_mtime_ns
