"""Generators in a comparison: samples of each, set against the held-out pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from torch import Tensor

from beyne.bundle import ModelCard, load, read_card
from beyne.data import Pair
from beyne.evaluation.copies import doubt
from beyne.evaluation.enlargers import model_file
from beyne.evaluation.generators import Examination
from beyne.evaluation.memorisation import Memorisation
from beyne.evaluation.nearness import described
from beyne.evaluation.painters import BASELINES, painted, plain
from beyne.evaluation.scores import Scores
from beyne.evaluation.texts.judge import Worth
from beyne.metrics import SET_METRICS
from beyne.predict.sampler import Sampler
from beyne.zoo import entry


class GeneratedStudy:
    """Scores generators by pictures that none was trained on.

    Args:
        train: Pictures that recipes are trained on.
        held_out: Those that all are scored by.
        data: What they are called.
        device: Where generators compute.
    """

    def __init__(
        self, train: Sequence[Pair], held_out: Sequence[Pair], data: str, device: str
    ) -> None:
        self.train, self.held_out, self.data, self.device = train, held_out, data, device
        self._known: dict[tuple[object, ...], Examination] = {}

    def scores(
        self,
        source: str | Path,
        like: str | Path,
        seed: int,
        progress: Callable[[int, int], None],
    ) -> Scores:
        """One sample: a value for each held-out picture, see `beyne.metrics.SET_METRICS`.

        Args:
            source: A model, a run or a baseline.
            like: A model or run whose size and bands a baseline's pictures have.
            seed: Others for every number.
            progress: Is given pictures done and pictures in all.
        """
        examination = self._examination(like)
        generated = self._sample(source, examination, seed, progress)
        seen = described(generated, examination.features)
        columns = {
            name: metric.function(seen, examination.held_out).double().numpy()
            for name, metric in SET_METRICS.items()
        }
        names = tuple(pair.name for pair in self.held_out)
        return Scores(str(source), self.data, examination.protocol, names, columns, seed)

    def doubts(self, models: Sequence[str]) -> Iterator[str]:
        """What to say of models that were trained on other pictures than these."""
        for model in models:
            if words := doubt(read_card(model_file(model)), self.train):
                yield words

    def judged(self, source: str | Path, like: str | Path, sheet: Path) -> Memorisation:
        """Whether training pictures are painted again, and a PNG that shows it."""
        examination = self._examination(like)
        generated = self._sample(source, examination, 0, lambda done, total: None)
        near = examination.check.nearness(generated)
        examination.check.sheet(generated, near, sheet)
        return examination.check.judge(near)

    def worth(self, like: str | Path) -> Worth | None:
        """Of the judge; None, since there is none."""
        return None

    def _sample(
        self,
        source: str | Path,
        examination: Examination,
        seed: int,
        progress: Callable[[int, int], None],
    ) -> Tensor:
        if source in BASELINES:
            train = examination.check.training.pictures
            return plain(str(source), train, len(examination.labels), seed)
        sampler = Sampler(load(model_file(str(source))), self.device)
        return painted(sampler, examination.labels, seed, progress)

    def _examination(self, like: str | Path) -> Examination:
        card = read_card(model_file(str(like)))
        generator = card.generator
        key = card.channels_out, generator["height"], generator["width"], *card.labels
        if key not in self._known:
            self._known[key] = self._made(card)
        return self._known[key]

    def _made(self, card: ModelCard) -> Examination:
        return Examination(card, self.train, self.held_out)


def parameters_of(source: str | Path) -> int | None:
    """Weights of a model or run; None of a baseline."""
    return None if source in BASELINES else entry(str(model_file(str(source)))).parameters
