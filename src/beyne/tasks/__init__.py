"""Jobs: what one training step and one preview mean for each."""

from beyne.tasks.adversarial import Adversarial
from beyne.tasks.paired import PairedTask, Term

__all__ = ["Adversarial", "PairedTask", "Term"]
