"""What a run must remember to go on exactly where it stopped."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from beyne.errors import UsageError
from beyne.files import whole_or_nothing
from beyne.tasks.adversarial import Balance


@dataclass
class RunState:
    """Networks, optimisers and counters of a run.

    Attributes:
        nets: Networks in their training form, by name.
        optimizers: One for each network, by the same name.
        average: Exponential moving average of the generator's weights.
        images: Training images seen.
        looks: The score at every validation so far, less being better, and its standard error.
        sums: Loss term → its sum since the last log line, and how many were added.
        stopped_of: Length of the run, in images, when validation stopped gaining; 0 before.
        balance: What the balance guard has set.
    """

    nets: dict[str, nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]
    average: nn.Module = field(init=False)
    images: int = 0
    looks: list[tuple[float, float]] = field(default_factory=list)
    sums: dict[str, tuple[float, float]] = field(default_factory=dict)
    stopped_of: int = 0
    balance: Balance = field(default_factory=Balance)

    def __post_init__(self) -> None:
        self.average = copy.deepcopy(self.nets["generator"]).eval().requires_grad_(False)

    def update_average(self, batch: int, half_life: int) -> None:
        """Move the average towards the generator by what ``batch`` images count for.

        The half-life grows with the images seen (Karras et al. 2024, arXiv 2312.02696, use the
        same ramp), so that an early average is not held back by the random start.
        """
        reach = min(float(half_life), self.images * 0.05)
        keep = 0.5 ** (batch / reach) if reach > 0 else 0.0
        live = self.nets["generator"]
        with torch.no_grad():
            torch._foreach_lerp_(
                [p.data for p in self.average.parameters()],
                [p.data for p in live.parameters()],
                1 - keep,
            )
            for mine, theirs in zip(self.average.buffers(), live.buffers(), strict=True):
                if mine.is_floating_point():  # running statistics belong to the averaged weights
                    mine.lerp_(theirs, 1 - keep)
                else:
                    mine.copy_(theirs)

    def save(self, folder: Path) -> None:
        """Write ``state.pt`` whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        values: dict[str, Any] = {
            "nets": {name: net.state_dict() for name, net in self.nets.items()},
            "optimizers": {name: opt.state_dict() for name, opt in self.optimizers.items()},
            "average": self.average.state_dict(),
            "counters": {name: getattr(self, name) for name in _COUNTERS},
            "balance": asdict(self.balance),
        }
        with whole_or_nothing(folder / "state.pt") as file:
            torch.save(values, file)

    def load(self, folder: Path, only: tuple[str, ...] | None = None) -> bool:
        """Take up a saved state; False if there is none.

        Args:
            only: Names of the networks to take, with their optimisers; None: all must be there.

        Raises:
            UsageError: The file is damaged or of other networks.
        """
        path = folder / "state.pt"
        if not path.is_file():
            return False
        values = read_state(path)
        try:
            for name in self.nets if only is None else only:
                self.nets[name].load_state_dict(values["nets"][name])
                self.optimizers[name].load_state_dict(values["optimizers"][name])
            self.average.load_state_dict(values["average"])
            counters = values["counters"]
            if "best" in counters:  # of a version that kept the best score alone
                counters["looks"] = [(-counters["best"], 0.0)]
            for name in _COUNTERS:
                setattr(self, name, counters[name])
            self.balance = Balance(**values.get("balance", {}))
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            first, *_ = str(error).splitlines()
            raise UsageError(f"{path} is of another run ({first})", "use another -o") from None
        return True

    def restart(self) -> None:
        """Count from zero again, keeping networks and optimisers; the average starts afresh."""
        self.images, self.looks, self.sums = 0, [], {}
        self.stopped_of, self.balance = 0, Balance()

    def go_on(self) -> None:
        """Let a run that stopped early, and was made longer, wait for a gain again."""
        if self.stopped_of:
            self.stopped_of, self.looks = 0, [min(self.looks)]


_COUNTERS = ("images", "looks", "sums", "stopped_of")


def read_state(path: Path) -> dict[str, Any]:
    """The plain content of a ``state.pt``; only tensors and plain values are ever unpickled.

    Raises:
        UsageError: The file is damaged.
    """
    try:
        values: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch raises a different type for every kind of damage, with much advice
        raise UsageError(f"{path} is damaged", f"delete {path.parent}") from None
    return values
