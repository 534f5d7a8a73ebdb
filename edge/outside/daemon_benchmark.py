"""How fast the daemon is on the simulated bench, and what it takes of the machine, measured from outside."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from edge.outside.daemon_process import DaemonProcess
from edge.outside.tally import Tally
from edge.outside.watching import NoDisplay, watch_daemon
from edge.settings.sections import RecognitionSettings
from edge.wire.messages import StageLatency

# chosen: the aim, frames from the first sharp one of a card until it is confirmed.
PROMPT_FRAMES = 4

SCENARIOS = {"demo:resting": "one card that lies still", "demo:turnover": "a new card every second"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonBenchmark:
    """The daemon on one scenario of the simulated bench.

    Of `frames_to_decision` there is one for each time that a card was confirmed: frames from its first sharp one on.
    """

    source: str
    database_cards: int
    fps: float
    frames_dropped: int
    cards_confirmed: int
    frames_to_decision: tuple[int, ...]
    messages_lost: int
    settled_rss_mb: float
    final_rss_mb: float
    peak_rss_mb: float
    stages: dict[str, StageLatency]


def measure_daemon(source: str, duration_s: float, recognition: RecognitionSettings | None = None) -> DaemonBenchmark:
    """Run the daemon for some time and watch it from outside.

    Args:
        source: one of `SCENARIOS`.
        duration_s: from the first frame on.
        recognition: model and database, where they are not the settings' own.

    Raises:
        ScannerError: if it ends, or sees nothing.
    """
    tally = Tally()
    with DaemonProcess(source, recognition) as daemon:
        watch_daemon(daemon, NoDisplay(), tally, duration_s)
    settled_mb, final_mb = tally.memory_mb() or (0.0, 0.0)
    return DaemonBenchmark(
        source=source,
        database_cards=0 if tally.health is None else tally.health.database_cards,
        fps=tally.fps() or 0.0,
        frames_dropped=0 if tally.health is None else tally.health.frames_dropped,
        cards_confirmed=tally.confirmed.total(),
        frames_to_decision=tuple(sorted(tally.frames_to_decision)),
        messages_lost=tally.lost,
        settled_rss_mb=settled_mb,
        final_rss_mb=final_mb,
        peak_rss_mb=daemon.peak_rss_mb,
        stages=tally.stages(),
    )


def daemon_lines(daemon: DaemonBenchmark) -> Iterator[str]:
    """What was measured, as text."""
    yield (
        f"daemon, {SCENARIOS[daemon.source]}, database of {daemon.database_cards} cards: {daemon.fps:.1f} frames/s, "
        f"{daemon.frames_dropped} frames dropped, {daemon.cards_confirmed} confirmed, {daemon.messages_lost} messages "
        f"lost, memory {daemon.settled_rss_mb:.0f} MB once settled, {daemon.final_rss_mb:.0f} MB at the end, "
        f"peak {daemon.peak_rss_mb:.0f} MB"
    )
    frames = daemon.frames_to_decision
    if frames:
        prompt = sum(each <= PROMPT_FRAMES for each in frames)
        yield (
            f"  confirmed within {PROMPT_FRAMES} frames of the first sharp one: {prompt} of {len(frames)} "
            f"(median {median(frames):g}, slowest {frames[-1]})"
        )
    for name, latency in daemon.stages.items():
        yield f"  {name:10} {latency.p50_ms:8.2f} {latency.p99_ms:8.2f}"
