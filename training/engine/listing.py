"""`card-training runs`: all runs, one of them, or several beside each other."""

import argparse
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edge.files.printing import printable
from training.engine import names
from training.engine.found_runs import INTERRUPTED, FoundRun, find_run, find_runs, flattened

# What tells a run and not what it does: it differs in any two.
_OWN = ("command", "at", "ended", "retries")
# What a line of the history says beside the losses.
_NO_LOSS = ("step", "progress", "learning_rate", "images_per_s", "waiting", "elapsed_s", "eta_s")
# layout: characters of a value beside those of other runs.
_WIDEST = 40
_FIGURES = ("recall_at_1", "recall_at_5", "margin_p5", "true_distance_p95", "hash_recall_at_1")


def run(args: argparse.Namespace) -> int:
    """List, show or compare; returns the exit code.

    Raises:
        ConfigurationError: if there is no such folder or run.
    """
    if args.action == "list":
        lines = listed(find_runs(args.runs))
    elif args.action == "show":
        lines = shown(find_run(args.runs, args.name))
    else:
        lines = compared([find_run(args.runs, name) for name in args.names])
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
    return 0


def listed(runs: Sequence[FoundRun]) -> list[str]:
    """One line for each run."""
    if not runs:
        return ["no runs yet"]
    head = ("name", "state", "step", "done", "left", "images/s", "recall@1", "margin", "at step")
    return _columns([head, *map(_row, runs)])


def shown(run: FoundRun) -> list[str]:
    """All of one run: what it is, how far it is, what was measured, and what can be done with it."""
    lines = [f"{run.name}: {run.state}" + (f" (process {run.process})" if run.process else "")]
    lines += [
        f"  {retry.get('reason', retry)} at step {retry.get('step')}" for retry in run.description.get("retries", ())
    ]
    lines += ["", "training", *_indented(_columns([(key, _said(value)) for key, value in run.trained.items()]))]
    if run.measured:
        measured = [("step", *_FIGURES), *(_figures(entry) for entry in run.measured)]
        lines += ["", "measured on held-out cards", *_indented(_columns(measured))]
    lines += ["", "what it is", *_indented(_columns([(key, _said(value)) for key, value in _settings(run).items()]))]
    return [*lines, "", *_next_steps(run)]


def compared(runs: Sequence[FoundRun]) -> list[str]:
    """Settings that differ, and figures, each run in its column."""
    settings = [_settings(run) for run in runs]
    keys = dict.fromkeys(key for each in settings for key in each)
    different = [key for key in keys if len({_said(each.get(key)) for each in settings}) > 1]
    losses = dict.fromkeys(key for run in runs for key in run.trained if key not in _NO_LOSS)
    head = ("", *(run.name for run in runs))
    figures = [
        ("state", *(run.state for run in runs)),
        *(
            (key, *(_said(run.trained.get(key)) for run in runs))
            for key in ("step", "elapsed_s", "images_per_s", *losses)
        ),
        *((f"best {key}", *(_said(run.best.get(key)) for run in runs)) for key in ("step", *_FIGURES)),
    ]
    lines = ["figures", *_indented(_columns([head, *figures])), "", "settings that differ"]
    if not different:
        return [*lines, "  none"]
    rows = [(key, *(_short(_said(each.get(key))) for each in settings)) for key in different]
    return [*lines, *_indented(_columns([head, *rows]))]


def _figures(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_said(entry.get(key)) for key in ("step", *_FIGURES))


def _row(run: FoundRun) -> tuple[str, ...]:
    trained, best = run.trained, run.best
    left = trained.get("eta_s") if run.state == "running" else None
    return (
        run.name,
        run.state,
        _said(trained.get("step")),
        "" if "progress" not in trained else f"{trained['progress']:.0%}",
        "" if left is None else f"{left // 60}:{left % 60:02}",
        _said(trained.get("images_per_s")),
        _said(best.get("recall_at_1")),
        _said(best.get("margin_p5")),
        _said(best.get("step")),
    )


def _settings(run: FoundRun) -> dict[str, Any]:
    return {key: value for key, value in flattened(run.description).items() if key.split(".")[0] not in _OWN}


def _next_steps(run: FoundRun) -> list[str]:
    command = str(run.description.get("command", ""))
    lines = [f"began with: {command}"] if command else []
    if run.state in (INTERRUPTED, "stopped") and command:
        resumed = command if "--resume" in shlex.split(command) else f"{command} --resume"
        lines.append(f"go on with:  {resumed}")
    files = [
        name for name in (names.CHECKPOINT, names.BEST, "curves.png", "tensorboard") if (run.folder / name).exists()
    ]
    return [*lines, f"in {run.folder}: {', '.join(files) or 'no checkpoint yet'}"]


def _said(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _columns(rows: Iterable[Iterable[str]]) -> list[str]:
    """Rows of text with their columns below each other."""
    table: list[Sequence[str]] = [tuple(row) for row in rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))] if table else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]
