"""`card-training evaluate`: measures the scanner."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from edge.errors import ConfigurationError
from edge.files.paths import named_path
from edge.outside.daemon_benchmark import SCENARIOS, daemon_lines
from edge.settings.sections import RecognitionSettings
from edge.simulator.script import Scenario
from training.data.card_folder import folder_gallery
from training.data.gallery import demo_gallery
from training.evaluation.centering import FIRST_SEED as FIRST_CENTERING_SEED
from training.evaluation.centering import CenteringOutcome, measured_scenes, study, study_of_designs
from training.evaluation.centering_designs import SERIES
from training.evaluation.centering_report import centering_to_markdown
from training.evaluation.centering_summary import summarise as summarise_centering
from training.evaluation.decisions import decisions_on_the_bench, decisions_to_markdown
from training.evaluation.full_size import measure_full_size
from training.evaluation.gauge import gauge_study
from training.evaluation.learned_cards import add_arguments as add_learned
from training.evaluation.learned_cards import run as run_learned
from training.evaluation.photos import evaluate_photos, photos_to_markdown
from training.evaluation.references import ReferenceOutcome, evaluate_references, references_to_markdown
from training.evaluation.refusal_run import add_arguments as add_refusal
from training.evaluation.refusal_run import run as run_refusal
from training.evaluation.report import summarise, to_markdown
from training.evaluation.scenes import SceneOutcome, evaluate_scenes
from training.evaluation.sensor import add_arguments as add_sensor
from training.evaluation.sensor import run as run_sensor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the kinds of evaluation and their options."""
    defaults = RecognitionSettings()
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    scenes = kinds.add_parser("scenes", help="detection, recognition and refusal on held-out simulated scenes")
    scenes.add_argument("--count", type=int, default=1000, help="number of scenes (default: 1000)")
    scenes.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    scenes.add_argument("--model", type=named_path, default=defaults.model)
    scenes.add_argument("--database", type=named_path, default=defaults.database)
    scenes.add_argument("--output", type=named_path, required=True, help="folder for report.json and report.md")
    _add_model(
        kinds.add_parser("model", help="any model file on crops of held-out cards, with baselines on the same crops")
    )
    _add_photos(kinds.add_parser("photos", help="cards found in real photos against their known number"))
    add_sensor(kinds)
    references = kinds.add_parser("references", help="whether each picture of a card database finds itself")
    references.add_argument("--cards", type=named_path, help="folder of card images in place of the simulated cards")
    references.add_argument("--metadata", type=named_path, help="JSON file: card id -> details, of that folder")
    references.add_argument("--every", type=int, default=1, metavar="N", help="one picture in N (default: all)")
    references.add_argument("--model", type=named_path, default=defaults.model)
    references.add_argument("--database", type=named_path, default=defaults.database)
    refusal = kinds.add_parser("refusal", help="cards outside the database, and how far stated probabilities hold")
    add_refusal(refusal, defaults.model, defaults.database)
    decisions = kinds.add_parser("decisions", help="frames until a card of the simulated bench is confirmed")
    decisions.add_argument("--frames", type=int, default=900, help="of the bench, 30 a second (default: 900)")
    decisions.add_argument("--scenario", choices=[each.value for each in Scenario], default=Scenario.TURNOVER.value)
    decisions.add_argument("--model", type=named_path, default=defaults.model)
    decisions.add_argument("--database", type=named_path, default=defaults.database)
    learned = kinds.add_parser("learned", help="whether cards learned on the spot make others be taken for them")
    add_learned(learned, defaults.model, defaults.database)
    full_size = kinds.add_parser("full-size", help="the daemon with 17,592 cards x 768 dimensions: speed and memory")
    full_size.add_argument("--source", choices=sorted(SCENARIOS), default="demo:turnover")
    full_size.add_argument("--seconds", type=float, default=60.0, help="how long (default: 60)")
    full_size.add_argument("--model", type=named_path, default=defaults.model)
    full_size.add_argument("--database", type=named_path, default=defaults.database)
    centering = kinds.add_parser("centering", help="border widths and ratios against simulated truth and baselines")
    centering.add_argument("--count", type=int, default=2000, help="number of scenes (default: 2000)")
    centering.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    centering.add_argument("--first-seed", type=int, default=FIRST_CENTERING_SEED)
    centering.add_argument(
        "--designs",
        choices=list(SERIES),
        help="designs that collectors own in place of the simulated game's cards: those that methods are made on, or "
        "others, on which they are judged",
    )
    centering.add_argument("--gauge", action="store_true", help="also 90 scenes for repeatability and reproducibility")
    centering.add_argument(
        "--output", type=named_path, required=True, help="folder for centering.json and centering.md"
    )


def _add_photos(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--photos", type=named_path, required=True, help="folder of photos")
    parser.add_argument("--truth", type=named_path, required=True, help='JSON: {"photo.jpg": {"cards": 3}, ...}')


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=named_path, help=".onnx or .hef (its .json beside it), or a run's checkpoint.pt")
    parser.add_argument("--against", type=named_path, help="another model on the same crops, in the same tables")
    parser.add_argument("--count", type=int, default=20, help="known and unknown crops of each condition (default: 20)")
    parser.add_argument("--gallery", type=int, default=400, help="simulated cards in the gallery (default: 400)")
    parser.add_argument("--cards", type=named_path, help="folder of card images in place of the simulated cards")
    parser.add_argument("--metadata", type=named_path, help="JSON file: card id -> details, of that folder")
    parser.add_argument("--workers", type=int, default=2, help="processes that make crops (default: 2)")
    parser.add_argument(
        "--output", type=named_path, required=True, help="folder for report.json, report.md and pictures"
    )


def run(args: argparse.Namespace) -> int:
    """Run the evaluation that was asked for; returns the exit code."""
    return {
        "scenes": _scenes,
        "model": _model,
        "photos": _photos,
        "sensor": run_sensor,
        "references": _references,
        "refusal": run_refusal,
        "decisions": _decisions,
        "learned": run_learned,
        "full-size": _full_size,
        "centering": _centering,
    }[args.kind](args)


def _scenes(args: argparse.Namespace) -> int:
    recognition = RecognitionSettings(model=args.model, database=args.database)
    outcomes: list[SceneOutcome] = []
    for outcome in evaluate_scenes(args.count, recognition, args.workers):
        outcomes.append(outcome)
        sys.stderr.write(f"\r{len(outcomes)} of {args.count} scenes")
    sys.stderr.write("\n")
    summary = summarise(outcomes)
    args.output.mkdir(parents=True, exist_ok=True)
    _write_json(args.output / "report.json", summary)
    page = to_markdown(summary)
    (args.output / "report.md").write_text(page, encoding="utf-8")
    sys.stdout.write(page)
    return 0


def _model(args: argparse.Namespace) -> int:
    from training.evaluation import model_run  # loads torch

    return model_run.run(args)


def _photos(args: argparse.Namespace) -> int:
    sys.stdout.write(photos_to_markdown(evaluate_photos(args.photos, args.truth)))
    return 0


def _references(args: argparse.Namespace) -> int:
    if args.cards is not None and args.metadata is None:
        raise ConfigurationError("a folder of card images needs --metadata FILE")
    images, _ = demo_gallery() if args.cards is None else folder_gallery(args.cards, args.metadata)
    recognition = RecognitionSettings(model=args.model, database=args.database)
    outcomes: list[ReferenceOutcome] = []
    for outcome in evaluate_references(images[:: args.every], recognition):
        outcomes.append(outcome)
        sys.stderr.write(f"\r{len(outcomes)} of {len(images[:: args.every])} pictures")
    sys.stderr.write("\n")
    sys.stdout.write(references_to_markdown(outcomes))
    return 0 if all(each.found for each in outcomes) else 1


def _decisions(args: argparse.Namespace) -> int:
    recognition = RecognitionSettings(model=args.model, database=args.database)
    decisions = list(decisions_on_the_bench(args.frames, Scenario(args.scenario), recognition))
    sys.stdout.write(decisions_to_markdown(decisions))
    return 0


def _full_size(args: argparse.Namespace) -> int:
    recognition = RecognitionSettings(model=args.model, database=args.database)
    sys.stdout.write("\n".join(daemon_lines(measure_full_size(recognition, args.source, args.seconds))) + "\n")
    return 0


def _centering(args: argparse.Namespace) -> int:
    outcomes: list[CenteringOutcome] = []
    scenes = (
        study(args.count, args.first_seed)
        if args.designs is None
        else study_of_designs(args.count, args.first_seed, args.designs)
    )
    for outcome in measured_scenes(scenes, args.workers):
        outcomes.append(outcome)
        sys.stderr.write(f"\r{len(outcomes)} of {args.count} scenes")
    sys.stderr.write("\n")
    summary = summarise_centering(outcomes)
    if args.gauge:
        summary["gauge"] = gauge_study().to_json()
    _write_json(args.output / "centering.json", summary)
    page = centering_to_markdown(summary)
    (args.output / "centering.md").write_text(page, encoding="utf-8")
    sys.stdout.write(page)
    return 0


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
