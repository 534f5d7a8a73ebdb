"""`card-training fit centering`: the numbers of centering that simulated cards tell, into one file."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

import cv2

from edge.centering.fitted import CutFit, FitSource, FittedCentering, UncertaintyFit, fitted
from edge.simulator.sets import training_cards
from training.evaluation.centering_observation import Observation, observed
from training.evaluation.centering_scenes import centering_scenes
from training.evaluation.cut_fit import edges_of, fit_cut
from training.evaluation.uncertainty_fit import fit_uncertainty, read_cards

# No other command measures at these.
FIRST_SEED = 5_000_000

Numbers = TypeVar("Numbers", CutFit, UncertaintyFit)


def run(args: argparse.Namespace) -> int:
    """Fit, and write the file; returns the exit code."""
    cv2.setNumThreads(1)
    observations = []
    for number, scene in enumerate(centering_scenes(args.count, FIRST_SEED, training_cards(600)), 1):
        observations.append(observed(scene))
        sys.stderr.write(f"\r{number} of {args.count} scenes")
    sys.stderr.write("\n")
    found = fit(observations, f"card-training fit centering --count {args.count} --output {args.output}")
    args.output.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    sys.stdout.writelines(f"{line}\n" for line in _compared(found))
    return 0


def fit(observations: Sequence[Observation], command: str) -> FittedCentering:
    """Fit all numbers, beginning with those that the package has."""
    now, seen = fitted(), [card for each in observations for card in each.seen]
    cut, cut_errors = fit_cut(seen, now.cut)
    uncertainty, uncertainty_errors = fit_uncertainty(observations, now.uncertainty)
    cards = len(list(read_cards(observations)))
    source = FitSource(
        command=command,
        date=datetime.now(UTC).date().isoformat(),
        first_seed=FIRST_SEED,
        cards=cards,
        borders=4 * cards,
        edges=edges_of(seen),
        errors={
            name: None if each is None else float(f"{each:.2g}")
            for name, each in (cut_errors | uncertainty_errors).items()
        },
    )
    return FittedCentering(source=source, cut=_rounded(cut), uncertainty=_rounded(uncertainty))


def _rounded(found: Numbers) -> Numbers:
    """To three digits; no number is known better."""
    return found.model_validate({name: float(f"{value:.3g}") for name, value in found.model_dump().items()})


def _compared(found: FittedCentering) -> Sequence[str]:
    now, source = fitted(), found.source
    before, after = (each.cut.model_dump() | each.uncertainty.model_dump() for each in (now, found))
    return [
        f"{source.cards} cards with {source.borders} borders measured, {source.edges} true edges where one was tried",
        "",
        "| number | shipped | fitted | +- |",
        "|---|---|---|---|",
        *(f"| {name} | {before[name]:.4g} | {after[name]:.4g} | {_told(source.errors[name])} |" for name in after),
    ]


def _told(error: float | None) -> str:
    return "not told" if error is None else f"{error:.2g}"
