"""What any network's logits say: the explained share, its formula, and measures that need no weights."""

from .cosets import CosetExplanation, CosetSpace
from .explanation import Explanation, explain
from .logit_measures import explained_share_of, has_form, loss_frequencies, measure_logits, recorded_share
from .sparse_accuracy import AccuracyCurve
from .task_index import TaskIndex, group_of, task_index

__all__ = [
    "AccuracyCurve",
    "CosetExplanation",
    "CosetSpace",
    "Explanation",
    "TaskIndex",
    "explain",
    "explained_share_of",
    "group_of",
    "has_form",
    "loss_frequencies",
    "measure_logits",
    "recorded_share",
    "task_index",
]
