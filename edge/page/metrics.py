"""The scanner's figures as Prometheus reads them (text exposition format 0.0.4)."""

from collections.abc import Iterator

from edge.page.board import Board
from edge.wire.messages import HealthMessage

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(board: Board) -> str:
    """Every figure, one a line."""
    return "\n".join([*_lines(board), ""])


def _lines(board: Board) -> Iterator[str]:
    yield from _metric("up", "gauge", "Whether the scanner is heard.", int(board.live))
    yield from _metric("cards_confirmed_total", "counter", "Cards counted in this run.", board.log.confirmed)
    if board.health is not None:
        yield from _of_health(board.health)


def _of_health(health: HealthMessage) -> Iterator[str]:
    yield from _metric("frames_per_second", "gauge", "Frames that are looked at.", health.fps)
    yield from _metric("frames_captured_total", "counter", "Frames that were looked at.", health.frames_captured)
    yield from _metric("frames_dropped_total", "counter", "Frames that were skipped.", health.frames_dropped)
    yield from _metric("crops_dropped_total", "counter", "Crops that newer ones replaced.", health.crops_dropped)
    yield from _metric("answers_dropped_total", "counter", "Answers that came too late.", health.answers_dropped)
    yield from _metric("searches_failed_total", "counter", "Searches for cards that failed.", health.searches_failed)
    yield from _metric("messages_failed_total", "counter", "Messages that were not sent.", health.messages_failed)
    yield from _metric("embeddings_total", "counter", "Cards that were embedded.", health.embeddings)
    yield from _metric("tracks", "gauge", "Cards in view.", health.tracks)
    yield from _metric("uptime_seconds", "gauge", "Since the scanner's start.", health.uptime_s)
    yield from _metric("resident_memory_bytes", "gauge", "Of the scanner.", round(1e6 * health.rss_mb))
    yield from _metric("degraded", "gauge", "Things that work less well than they should.", len(health.degraded))
    yield from _metric("database_cards", "gauge", "Cards in the database.", health.database_cards)
    name = "card_scanner_stage_latency_seconds"
    yield f"# HELP {name} Latency of a stage over the last interval."
    yield f"# TYPE {name} gauge"
    for stage, latency in health.stages.items():
        yield f'{name}{{stage="{stage}",quantile="0.5"}} {latency.p50_ms / 1000:.6g}'
        yield f'{name}{{stage="{stage}",quantile="0.99"}} {latency.p99_ms / 1000:.6g}'


def _metric(name: str, kind: str, said: str, value: float) -> Iterator[str]:
    name = f"card_scanner_{name}"
    yield f"# HELP {name} {said}"
    yield f"# TYPE {name} {kind}"
    yield f"{name} {value:.10g}"
