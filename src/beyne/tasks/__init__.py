"""Jobs: what one training step and one preview mean for each."""

from beyne.tasks.adversarial import Adversarial
from beyne.tasks.upscale import Term, UpscaleTask

__all__ = ["Adversarial", "Term", "UpscaleTask"]
