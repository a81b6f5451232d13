"""Jobs: what one training step and one preview mean for each."""

from beyne.tasks.upscale import UpscaleTask

__all__ = ["UpscaleTask"]
