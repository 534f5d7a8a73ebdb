"""`card-scanner bench`: how fast this machine is, stage by stage."""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.arguments import Commands, count, new_command, seconds
from edge.cli.output import write_line
from edge.outside.crowd_benchmark import crowd_lines, measure_crowd
from edge.outside.daemon_benchmark import SCENARIOS, DaemonBenchmark, daemon_lines, measure_daemon
from edge.settings.settings import load_settings

if TYPE_CHECKING:
    from edge.cli.stage_benchmark import StageTiming
    from edge.database.benchmark import SearchBenchmark

_EXAMPLES = """\
  card-scanner bench                     two minutes or so
  card-scanner bench --json > bench.json

Times each stage in turns with the bare library calls that it cannot do without, then the search at full size
(17,592 made-up cards of 768 dimensions), then the daemon on the simulated bench, which shares this machine, alone and
before 50 subscribers of which one never reads."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(commands, common, "bench", "Measure how fast this machine is, stage by stage.", _EXAMPLES)
    parser.add_argument(
        "--repeats", type=count, default=200, metavar="N", help="how often each stage is timed, in at most 20 s (200)"
    )
    parser.add_argument(
        "--cards", type=count, default=17_592, metavar="N", help="that are searched at full size (17592)"
    )
    parser.add_argument("--seconds", type=seconds, default=15.0, metavar="S", help="of each run of the daemon (15)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    stages = _measure_stages(options.repeats)
    search = _measure_search(options.cards)
    daemons = [measure_daemon(source, options.seconds) for source in SCENARIOS]
    crowd = measure_crowd(options.seconds)
    if options.json:
        write_line(json.dumps(_report(stages, search, daemons) | {"crowd": asdict(crowd)}))
        return 0
    for line in (*_lines(stages, search, daemons), "", *crowd_lines(crowd)):
        write_line(line)
    return 0


def _measure_stages(repeats: int) -> "list[StageTiming]":
    from edge.cli.stage_benchmark import measure_stages
    from edge.recognition.opening import open_recognizer

    settings = load_settings().recognition
    with closing(open_recognizer(settings)) as recognizer:
        return measure_stages(settings, recognizer, repeats)


def _measure_search(cards: int) -> "SearchBenchmark":
    from edge.database.benchmark import benchmark_search

    return benchmark_search(Path(tempfile.gettempdir()), cards)


def _report(
    stages: "list[StageTiming]", search: "SearchBenchmark", daemons: list[DaemonBenchmark]
) -> dict[str, object]:
    return {
        "machine": {"processor": platform.machine(), "cores": os.cpu_count(), "system": platform.platform()},
        "stages": [asdict(stage) | {"ratio": stage.ratio} for stage in stages],
        "search": asdict(search),
        "daemon": [
            asdict(daemon) | {"stages": {name: latency.model_dump() for name, latency in daemon.stages.items()}}
            for daemon in daemons
        ],
    }


def _lines(stages: "list[StageTiming]", search: "SearchBenchmark", daemons: list[DaemonBenchmark]) -> Iterator[str]:
    yield f"{os.cpu_count()} cores, {platform.platform()}"
    yield ""
    yield f"{'one card':10} {'times':>5} {'p50 ms':>8} {'p99 ms':>8} {'bare p50':>9} {'bare p99':>9} {'ratio':>6}"
    for stage in stages:
        yield _stage_line(stage)
    yield ""
    yield (
        f"search of {search.cards} cards x {search.dimension}, each both ways up, {search.scanned_dimension} of these "
        f"scanned: p50 {search.p50_ms:.2f} ms, p99 {search.p99_ms:.2f} ms (usearch alone: {search.bare_p50_ms:.2f}, "
        f"{search.bare_p99_ms:.2f}), recall@1 {search.recall_at_1:.4f}, opened in {search.open_s:.1f} s, "
        f"{search.mapped_mb:.0f} MB resident, {search.disk_mb:.0f} MB on disk"
    )
    for daemon in daemons:
        yield ""
        yield from daemon_lines(daemon)


def _stage_line(stage: "StageTiming") -> str:
    own = f"{stage.stage:10} {stage.repeats:5d} {stage.timing.p50_ms:8.2f} {stage.timing.p99_ms:8.2f}"
    if stage.bare is None or stage.ratio is None:
        return own
    return f"{own} {stage.bare.p50_ms:9.2f} {stage.bare.p99_ms:9.2f} {stage.ratio:6.2f}  {stage.bare_calls}"
