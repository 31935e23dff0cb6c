"""What lesson 04 has taught, for later lessons: epochs, evaluation, history, seeds.

A loader is anything with a length that can be read again and again and yields
``(images, labels)``: floats (N, C, H, W) and int64 (N,). A model returns logits.
"""

from course_utils.training.checkpoints import load_checkpoint, save_checkpoint
from course_utils.training.epochs import Evaluation, evaluate, train_epoch
from course_utils.training.fitting import fit
from course_utils.training.history import EpochRecord, History
from course_utils.training.metrics import (
    accuracy_interval,
    confusion_matrix,
    per_class_accuracy,
)
from course_utils.training.seeds import set_seed

__all__ = [
    "EpochRecord",
    "Evaluation",
    "History",
    "accuracy_interval",
    "confusion_matrix",
    "evaluate",
    "fit",
    "load_checkpoint",
    "per_class_accuracy",
    "save_checkpoint",
    "set_seed",
    "train_epoch",
]
