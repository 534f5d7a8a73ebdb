"""The commands by which cards are learned on the spot, listed and forgotten."""

import base64
import logging
from collections.abc import Callable, Mapping, Sequence

from edge.database.learned_card import LearnedCard
from edge.database.learned_folder import LearnedFolder
from edge.errors import LearningError, ScannerError
from edge.files.paths import state_folder
from edge.pipeline.output import OutputStage
from edge.pipeline.smoothing import Verdict
from edge.pipeline.stages import RecognitionStage
from edge.recognition.learning import learned_card, open_learned
from edge.recognition.opening import open_recognizer
from edge.recognition.recognizer import Recognizer
from edge.settings.settings import Settings
from edge.wire.commands import (
    ForgetReply,
    ForgetRequest,
    LearnedCardReply,
    LearnedReply,
    LearnedRequest,
    LearnReply,
    LearnRequest,
)
from edge.wire.control import Command
from edge.wire.messages import TrackState

_log = logging.getLogger(__name__)


def learned_folder(settings: Settings) -> LearnedFolder:
    """Where learned cards are kept by these settings."""
    return LearnedFolder(settings.recognition.learned or state_folder("learned"))


def open_with_learned(settings: Settings) -> Recognizer:
    """Open the model and the card database of these settings, and the cards that were learned besides.

    Raises:
        ModelError, InferenceError, DatabaseError: as `open_recognizer`; a learned card that is torn is left out.
    """
    recognizer = open_recognizer(settings.recognition)
    try:
        return open_learned(learned_folder(settings), recognizer)
    except ScannerError:
        recognizer.close()
        raise


class Learning:
    """Learns and forgets cards while the pipeline runs; called by the control thread."""

    def __init__(self, stage: RecognitionStage, output: OutputStage, settings: Callable[[], Settings]) -> None:
        """Learn what these parts see; `settings` are those in use."""
        self._stage = stage
        self._output = output
        self._settings = settings

    def commands(self) -> dict[str, Command]:
        """Name -> what it does."""
        return {"learn": self.learn, "learned": self.learned, "forget": self.forget}

    def learn(self, request: LearnRequest) -> LearnReply:
        """Learn the card in view.

        Raises:
            LearningError: if what lies in view is not one card that is not known, or is not seen well enough.
            DatabaseError: if the card cannot be kept; it is not learned then.
            InferenceError: if the model fails.
        """
        track_id = self._track(request.track_id)
        views = self._stage.views.of(track_id)
        card, encoded = self._stage.between_batches(lambda each: learned_card(each, request.name, views))
        learned_folder(self._settings()).write(card, encoded)
        self._stage.know(self._stage.recognizer.learned.with_card(card))
        _log.info("learned %s as %s", card.card_id, card.name)
        return LearnReply(track_id=track_id, card=_described(card))

    def learned(self, request: LearnedRequest) -> LearnedReply:
        """The learned cards, or one with its views.

        Raises:
            DatabaseError: if there is no such card, or it is torn.
        """
        gallery, folder = self._stage.recognizer.learned, learned_folder(self._settings())
        if request.card_id is not None:
            card, views = folder.card(request.card_id)
            return LearnedReply(folder=str(folder.path), cards=[_described(card, views)])
        cards = [_described(card) for card in gallery.cards]
        return LearnedReply(folder=str(folder.path), cards=cards, known=gallery.known, faults=gallery.faults)

    def forget(self, request: ForgetRequest) -> ForgetReply:
        """Forget a learned card, also one that is left out.

        Raises:
            DatabaseError: if there is no such card, or it cannot be removed.
        """
        learned_folder(self._settings()).remove(request.card_id)
        self._stage.know(self._stage.recognizer.learned.without(request.card_id))
        _log.info("forgot %s", request.card_id)
        return ForgetReply(card_id=request.card_id)

    def _track(self, wanted: int | None) -> int:
        """The track of the one card in view that is not known, or the wanted one."""
        in_view = self._output.in_view()
        asked = in_view if wanted is None else {each: verdict for each, verdict in in_view.items() if each == wanted}
        chosen = _not_known(asked)
        if len(chosen) > 1:
            raise LearningError(
                f"{len(chosen)} cards in view are not known (tracks {', '.join(map(str, chosen))}); leave one of them "
                "there, or say which"
            )
        known = [verdict.card_id for verdict in asked.values() if verdict.card_id is not None]
        if not chosen and known:
            raise LearningError(f"the card in view is {', '.join(map(self._known_as, known))}")
        if not chosen:
            which = "no card" if wanted is None else f"no card of track {wanted}"
            raise LearningError(f"{which} lies in view; lay the card under the camera, face up, and try again")
        return next(iter(chosen))

    def _known_as(self, card_id: str) -> str:
        recognizer = self._stage.recognizer
        if card_id in recognizer.learned or card_id in recognizer.database.card_ids:
            return f"known already: {recognizer.details(card_id).name} ({card_id})"
        return f"told as {card_id}, which is not known any more; try again in a moment"


def _not_known(in_view: Mapping[int, Verdict]) -> dict[int, Verdict]:
    """The cards that are not confirmed; where there are none, what was taken for no card."""
    open_ones = {track_id: verdict for track_id, verdict in in_view.items() if verdict.card_id is None}
    cards = {track_id: each for track_id, each in open_ones.items() if each.state is not TrackState.NO_CARD}
    return cards or open_ones


def _described(card: LearnedCard, views: Sequence[bytes] = ()) -> LearnedCardReply:
    return LearnedCardReply(
        card_id=card.card_id,
        learned_at=card.learned_at.isoformat(),
        details=card.details,
        views=[base64.b64encode(view).decode("ascii") for view in views],
    )
