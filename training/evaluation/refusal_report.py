"""The report on refusal, as a page."""

from collections.abc import Iterator, Mapping
from typing import Any

AIMS = {
    "unknown_confirmed": ("unknown cards confirmed by the scanner's verdict", "at most", 0.001),
    "unknown_confirmed_by_a_look": ("unknown cards confirmed by a single look", "at most", 0.005),
    "unknown_named": ("unknown cards named by a single look", "at most", 0.05),
    "known_confirmed": ("known cards confirmed by the scanner's verdict", "at least", None),
    "known_confirmed_wrongly": ("known cards confirmed as another", "at most", 0.0),
    "known_confirmed_by_a_look": ("known cards confirmed by a single look", "", None),
    "known_named_rightly": ("known cards named rightly by a single look", "", None),
}
KNOWN_AIMS = {"clean": 0.97, "everything": 0.90}


def refusal_to_markdown(summary: Mapping[str, Any]) -> str:
    """The summary as a page."""
    lines = ["# Refusal of cards that are not in the database", "", f"Command: `{summary['command']}`", ""]
    for gallery in summary["galleries"]:
        lines += _gallery(gallery)
    if len(summary["galleries"]) > 1:
        lines += _curve(summary["galleries"])
    return "\n".join(lines) + "\n"


def _gallery(gallery: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"## {gallery['cards']} cards", "")
    for name, row in [*gallery["conditions"].items(), ("all", gallery["all"])]:
        yield from (f"### {name}", "", "| | measured | 95 % by card | aim | |", "|---|---|---|---|---|")
        for key, (title, way, aim) in AIMS.items():
            wanted = KNOWN_AIMS.get(name) if key == "known_confirmed" else aim
            yield f"| {title} | {_cell(row[key])} | {_interval(row[key])} | {_judged(row[key], way, wanted)} |"
        yield ""
    yield from _probabilities(gallery)
    yield from _rules(gallery["rules"])


def _probabilities(gallery: Mapping[str, Any]) -> Iterator[str]:
    reliability = gallery["reliability"]
    yield from ("### Stated probabilities", "", f"Calibration error {reliability['calibration_error']:.3f}.", "")
    yield from ("| stated (mean) | right | looks |", "|---|---|---|")
    for row in reliability["bins"]:
        yield f"| {row['stated']:.3f} | {row['right']:.3f} | {row['looks']} |"
    yield from ("", "| answered from | looks answered | of these wrong |", "|---|---|---|")
    for row in gallery["coverage"]:
        yield f"| {row['level']:g} | {row['answered']:.1%} | {row['wrong']:.2%} |"
    yield ""


def _rules(rules: Mapping[str, Any]) -> Iterator[str]:
    yield from ("### Known cards confirmed rightly by a first look, at a rate of unknown ones confirmed", "")
    rates = [row["unknown_confirmed"] for row in next(iter(rules.values()))]
    yield from (f"| rule | {' | '.join(f'{rate:.1%}' for rate in rates)} |", "|---" * (len(rates) + 1) + "|")
    for name, rows in rules.items():
        yield f"| {name} | {' | '.join(_cell(row['known_confirmed']) for row in rows)} |"
    yield ""


def _curve(galleries: list[Mapping[str, Any]]) -> Iterator[str]:
    keys = ("unknown_confirmed", "unknown_confirmed_by_a_look", "unknown_named", "known_confirmed")
    yield from ("## By size of the gallery, all conditions", "")
    yield from (f"| cards | {' | '.join(AIMS[key][0] for key in keys)} |", "|---" * (len(keys) + 1) + "|")
    for gallery in galleries:
        yield f"| {gallery['cards']} | {' | '.join(_cell(gallery['all'][key]) for key in keys)} |"
    yield ""


def _cell(figure: Mapping[str, Any]) -> str:
    if not figure["count"]:
        return "none"
    return f"{figure['value']:.2%} ({figure['hits']}/{figure['count']}; {figure['cards']} cards)"


def _interval(figure: Mapping[str, Any]) -> str:
    low, high = figure["interval_95"]
    return f"{low:.2%} to {high:.2%}"


def _judged(figure: Mapping[str, Any], way: str, aim: float | None) -> str:
    """The aim, and whether it is met: an interval that reaches over it decides nothing."""
    if aim is None:
        return "| "
    low, high = figure["interval_95"]
    met, missed = (high <= aim, low > aim) if way == "at most" else (low >= aim, high < aim)
    return f"{way} {aim:.1%} | {'met' if met else 'missed' if missed else 'undecided'}"
