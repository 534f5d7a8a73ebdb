import pytest
from pydantic import ValidationError

from training.distillation.weights import DistillationWeights


def test_what_is_learnt_from_the_teacher_counts_by_its_common_weight_and_the_cards_do_not():
    weights = DistillationWeights(classification=0.3, distillation=0.7, feature=0.5, kl=0.25, relational=0.25)
    assert weights.shares() == pytest.approx({"feature": 0.35, "kl": 0.175, "relational": 0.175, "classification": 0.3})


def test_a_term_without_weight_is_not_computed():
    assert DistillationWeights(feature=1.0).terms() == {"feature": 1.0}
    assert DistillationWeights(contrastive=1.0, distillation=0).shares() == {"contrastive": 1.0}


@pytest.mark.parametrize("wrong", [{"feature": -0.1}, {"temperature": 0}, {"wavelet_levels": 0}, {"features": 1.0}])
def test_a_weight_that_cannot_be_or_that_nobody_knows_is_refused(wrong):
    with pytest.raises(ValidationError):
        DistillationWeights(**wrong)
