"""Jobs: what one training step and one preview mean for each."""

from beyne.tasks.adversarial import Adversarial
from beyne.tasks.generated import GeneratedTask
from beyne.tasks.paired import PairedTask, Term

__all__ = ["Adversarial", "GeneratedTask", "PairedTask", "Term"]
