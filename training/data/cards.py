"""The cards that a run learns from, and those it is measured on."""

from dataclasses import dataclass
from pathlib import Path

from edge.errors import ConfigurationError
from edge.simulator.sets import calibration_cards, template_cards, training_cards
from training.data.folder_references import folder_references
from training.data.references import References, simulated_references
from training.parallel.ranks import Ranks

HELD_OUT_CARDS = 600


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cards:
    """Cards to learn, and cards that are never learned."""

    learnt: References
    held_out: References


def open_cards(
    source: int | Path, metadata: Path | None, cache: Path, ranks: Ranks, *, templates: bool = False
) -> Cards:
    """The cards of a run; the first process renders or decodes them, the others then find them in `cache`.

    Args:
        source: number of simulated cards, or a folder of card images.
        metadata: of the folder.
        cache: where they are kept.
        ranks: the processes that share the run.
        templates: whether half of the simulated cards are of sets that have a single template each.

    Raises:
        ScannerError: if the cards cannot be used, or the cache cannot be written.
    """
    return ranks.first_then_others(lambda: _open(source, metadata, cache, templates=templates))


def _open(source: int | Path, metadata: Path | None, cache: Path, *, templates: bool) -> Cards:
    if isinstance(source, int):
        of_templates = source // 2 if templates else 0
        cards = (*training_cards(source - of_templates), *template_cards(of_templates))
        return Cards(
            learnt=simulated_references(cards, cache),
            held_out=simulated_references(calibration_cards(HELD_OUT_CARDS), cache),
        )
    if metadata is None:
        raise ConfigurationError("a folder of card images needs --metadata FILE")
    learnt, held_out = folder_references(source, metadata, cache)
    return Cards(learnt=learnt, held_out=held_out)
