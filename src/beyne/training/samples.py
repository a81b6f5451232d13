"""What a generator paints from fixed latents while it trains: scores, sheets, verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from beyne import bundle
from beyne.data import Wholes
from beyne.evaluation.diversity import Diversity, diversity
from beyne.evaluation.memorisation import GENERATED, SHORT, CopyCheck
from beyne.evaluation.nearness import described
from beyne.evaluation.painters import in_turn
from beyne.evaluation.stopping import steady_kid
from beyne.generators import latents
from beyne.images import read
from beyne.metrics.features import Features, RandomFeatures
from beyne.recipe import Recipe
from beyne.reports import sections
from beyne.reports.document import Picture, Section
from beyne.zoo import BEST

#: In the run: generated pictures, each with the training picture it is nearest to.
NEAREST = "nearest.png"
_FEWEST = 32  # pictures painted for the scores
_BATCH = 32
_ROWS, _COLUMNS = 4, 8  # of a sheet
_MOST_ROWS = 8  # where each is a class or a text
_GAP = 2  # pixels


class GeneratedExaminer:
    """Looks at pictures of the same latents every time; see `beyne.training.examiner`.

    Args:
        recipe: Resolved.
        real: Pictures of the val split, to measure against.
        train: All training pictures, and all others that training did not see: for the
            memorisation check.
        held_out: See ``train``.
        features: What pictures are compared by.
        asked: Labels, or vectors of texts, for the pictures that are scored, in turn; None without.
        rows: The same for the rows of a sheet.
    """

    paired = False

    def __init__(
        self,
        recipe: Recipe,
        real: Wholes,
        train: Wholes,
        held_out: Wholes,
        features: Features | RandomFeatures,
        asked: Tensor | None = None,
        rows: Tensor | None = None,
    ) -> None:
        self.recipe, self.real, self.train, self.held_out = recipe, real, train, held_out
        self.features, self.asked, self.rows = features, asked, rows
        self.number = len(real.pictures)
        self.painted = max(_FEWEST, self.number)
        measured = f"KID of {self.painted} generated pictures, fixed latents"
        self.protocol = {"protocol": measured, "features": features.text}
        self.device = torch.device("cpu")
        self.described: Tensor | None = None  # features of the real ones, once made

    def to(self, device: torch.device) -> None:
        """Move what it looks with."""
        self.device = device
        self.features.to(device)

    def scores(self, network: nn.Module) -> dict[str, float]:
        """KID and diversity, each with its standard error."""
        if self.described is None:
            self.described = described(self.real.all(), self._look)
        painted = described(self._painted(network, self.painted), self._look)
        kid = steady_kid(painted, self.described)
        found = diversity(painted, self.described)
        return {
            "kid": kid.value,
            "kid_error": kid.deviation,
            "diversity": found.ratio,
            "diversity_error": found.deviation,
        }

    def alarm(self, scores: Mapping[str, float]) -> str:
        """Mode collapse, where it is."""
        found = Diversity.of(scores["diversity"], scores["diversity_error"])
        return found.sentence if found.collapsed else ""

    def sheets(self, network: nn.Module) -> list[Tensor]:
        """One sheet; with classes or texts each has a row, and a column is one latent."""
        if self.rows is None:
            images = self._from(network, range(_ROWS * _COLUMNS), None)
        else:
            rows = self.rows[:_MOST_ROWS]
            numbers = [n % _COLUMNS for n in range(len(rows) * _COLUMNS)]
            images = self._from(network, numbers, rows.repeat_interleave(_COLUMNS, 0))
        images = F.pad(images, (0, _GAP, 0, _GAP), value=1.0)
        lines = [torch.cat(list(line), 2) for line in torch.split(images, _COLUMNS)]
        return [torch.cat(lines, 1)]

    def conclusion(self, run: Path) -> tuple[Sequence[str], Sequence[Section]]:
        """Whether the best model paints its training pictures again."""
        network = bundle.load(run / BEST).network.to(self.device)
        painted = self._painted(network, GENERATED)
        none = torch.zeros(0, *painted.shape[1:])
        held_out = self.held_out.all() if self.held_out.pictures else none
        check = CopyCheck(self.train.all(), held_out, self._look)
        near = check.nearness(painted)
        found = check.judge(near)
        check.sheet(painted, near, run / NEAREST)
        sheet = Picture(read(run / NEAREST).pixels)
        section = sections.Memorisation(SHORT[found.outcome], found.sentence, sheet)
        return [found.sentence], [section]

    def _painted(self, network: nn.Module, number: int) -> Tensor:
        """Pictures of as many latents, of what is asked for: in the mixture it is given in."""
        asked = self.asked
        if asked is not None:
            asked = asked[torch.tensor(in_turn(range(len(asked)), number))]
        return self._from(network, range(number), asked)

    def _from(self, network: nn.Module, numbers: Sequence[int], asked: Tensor | None) -> Tensor:
        z = latents(self.recipe.train.seed, numbers, self.recipe.generator["latent"])
        given = [z] if asked is None else [z, asked]
        parts = zip(*(torch.split(tensor.to(self.device), _BATCH) for tensor in given), strict=True)
        with torch.inference_mode():
            return torch.cat([network(*part).float().cpu() for part in parts])

    def _look(self, images: Tensor) -> Tensor:
        seen: Tensor = self.features(images.to(self.device)).cpu()
        return seen
