"""The centering study as a page of Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any

from training.evaluation.centering import METHOD, REFERENCED


def centering_to_markdown(summary: Mapping[str, Any]) -> str:
    """Tables of accuracy per condition, of the baselines, of refusals, and of the gauge study if there is one."""
    return "\n".join(
        [
            *_accuracy(summary["conditions"], METHOD),
            *_accuracy(summary["conditions"], REFERENCED),
            *_registration(summary["conditions"]),
            *_baselines(summary["conditions"]["all"]["methods"]),
            *_refusals(summary["conditions"]["all"]["refusals"]),
            *_gauge(summary.get("gauge")),
            f"Processor time of one card, median and 95th percentile: {summary['milliseconds'][0]:.0f} and "
            f"{summary['milliseconds'][1]:.0f} ms; with its reference picture "
            f"{summary['milliseconds with reference'][0]:.0f} and {summary['milliseconds with reference'][1]:.0f} ms.",
            "",
        ]
    )


def _accuracy(conditions: Mapping[str, Any], method: str) -> Iterator[str]:
    yield f"{method}:"
    yield ""
    yield (
        "| condition | measured | borderless refused | width: bias | sd | p95 (mm) | within stated 95 % | "
        "ratio: bias | sd | p95 (points) | within stated 95 % | off by > 3 points | of those, by > 3 stated sd |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    for name, found in conditions.items():
        errors, kept = found["methods"][method], found if method == METHOD else found["with reference"]
        yield (
            f"| {name} | {_counts(kept['measured'])} | {_counts(found['borderless refused'])} "
            f"| {_spread(errors['width_mm'], 4)} | {_percent(kept['widths within the stated 95 %'])} "
            f"| {_spread(errors['ratio_points'], 2)} | {_percent(kept['ratios within the stated 95 %'])} "
            f"| {len(kept['wrong by more than 3 points'])} "
            f"| {len(kept['of those, more than 3 standard uncertainties'])} |"
        )
    yield ""


def _registration(conditions: Mapping[str, Any]) -> Iterator[str]:
    yield "The print's shift by the reference picture:"
    yield ""
    yield (
        "| condition | border | registered | shift: bias | sd | p95 (mm) | within stated 95 % | turn: bias | sd | p95 "
        "(degrees) | within stated 95 % |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for name, found in conditions.items():
        for border, errors in found["registration"].items():
            if errors["registered"]["count"]:
                yield (
                    f"| {name} | {border} | {_counts(errors['registered'])} | {_spread(errors['shift_mm'], 4)} "
                    f"| {_percent(errors['shifts within the stated 95 %'])} | {_spread(errors['turn_deg'], 4)} "
                    f"| {_percent(errors['turns within the stated 95 %'])} |"
                )
    yield ""


def _baselines(methods: Mapping[str, Any]) -> Iterator[str]:
    yield "| method | cards | width: bias | sd | p95 (mm) | ratio: bias | sd | p95 (points) |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, errors in methods.items():
        widths, ratios = _spread(errors["width_mm"], 3), _spread(errors["ratio_points"], 2)
        yield f"| {name} | {errors['cards']} | {widths} | {ratios} |"
    yield ""


def _refusals(reasons: Mapping[str, int]) -> Iterator[str]:
    if not reasons:
        return
    yield "| refused because | cards |"
    yield "|---|---|"
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1]):
        yield f"| {reason} | {count} |"
    yield ""


def _gauge(gauge: Mapping[str, Any] | None) -> Iterator[str]:
    if gauge is None:
        return
    yield (
        f"Gauge study, {gauge['cards']} cards: repeatability {gauge['repeatability']:.3f}, reproducibility "
        f"{gauge['reproducibility']:.3f}, cards {gauge['parts']:.2f} points; %GRR "
        f"{gauge['grr_percent_of_variation']:.1f} % of the variation, {gauge['grr_percent_of_tolerance']:.1f} % of the "
        f"tolerance 45/55 to 55/45; {gauge['distinct_categories']} distinct categories; "
        f"{gauge['refused']} pictures refused."
    )
    yield ""


def _counts(proportion: Mapping[str, Any]) -> str:
    return f"{proportion['hits']} of {proportion['count']}"


def _percent(proportion: Mapping[str, Any]) -> str:
    return f"{100 * proportion['value']:.1f} %" if proportion["count"] else "-"


def _spread(errors: Mapping[str, float] | None, digits: int) -> str:
    if errors is None:
        return "- | - | -"
    return " | ".join(f"{errors[name]:.{digits}f}" for name in ("bias", "sd", "p95"))
