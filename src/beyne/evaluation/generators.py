"""A generator against pictures it was not trained on: how alike, how various, and is it copied?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from beyne.bundle import ModelCard, load, read_card
from beyne.data import Pair
from beyne.errors import UsageError
from beyne.evaluation.copies import (
    as_learned,
    doubt,
    labels_like,
    split_of,
    trained_and_held_out,
)
from beyne.evaluation.diversity import Diversity, diversity
from beyne.evaluation.enlargers import model_file
from beyne.evaluation.memorisation import GENERATED, CopyCheck, Memorisation
from beyne.evaluation.nearness import described
from beyne.evaluation.painters import painted
from beyne.evaluation.statistics import Interval, scipy_stats
from beyne.evaluation.stopping import steady_kid
from beyne.files import check_output, table, write_whole
from beyne.metrics.distribution import Estimate, density_coverage, precision_recall
from beyne.metrics.features import chosen_features
from beyne.predict.fitting import check_job
from beyne.predict.sampler import Sampler

#: What ``-o`` gets: a row a generated picture, and those nearest to training beside what they are
#: nearest to.
FILES = ("nearest.csv", "nearest.png")

_MOST = 2000
_FEWEST = 6  # held-out pictures that coverage can be computed of
_QUANTILE = 1.96  # of the normal distribution, two-sided 95 %


@dataclass(frozen=True)
class GeneratorScores:
    """Scores of one generator.

    Attributes:
        model: Its name.
        data: Name of the pictures, and how many were held out.
        protocol: How sets were compared, in words.
        kid: Kernel distance to the held-out pictures, and its standard error.
        precision: Generated pictures that look real, as a share; ``recall`` the other way round.
        density: See `beyne.metrics.distribution.DensityCoverage`, as ``coverage``.
        diversity: How far apart generated pictures are.
        memorisation: Whether training pictures are painted again.
        rows: Of each generated picture ``seed``, ``label``, ``nearness`` and the ``nearest``
            training picture.
    """

    model: str
    data: str
    protocol: str
    kid: Estimate
    precision: float
    recall: float
    density: float
    coverage: float
    diversity: Diversity
    memorisation: Memorisation
    rows: tuple[dict[str, Any], ...]

    @property
    def n(self) -> int:
        """Number of generated pictures."""
        return len(self.rows)

    @property
    def mean(self) -> dict[str, float]:
        """Every score by name."""
        shares = ("precision", "recall", "density", "coverage")
        scores = {name: float(getattr(self, name)) for name in shares}
        return {"kid": self.kid.value, **scores, "diversity": self.diversity.ratio}

    @property
    def interval(self) -> dict[str, Interval]:
        """95 % interval of those scores that have a standard error."""
        known = {"kid": self.kid, "diversity": Estimate(*self.diversity[:2])}
        spans = {name: _QUANTILE * known[name].deviation for name in known}
        return {n: Interval(e.value - spans[n], e.value + spans[n]) for n, e in known.items()}

    @property
    def sentences(self) -> tuple[str, str]:
        """What is to be said of diversity and of copies."""
        return self.diversity.sentence, self.memorisation.sentence

    def as_json(self) -> dict[str, Any]:
        """What ``beyne evaluate --json`` prints."""
        return {
            "model": self.model,
            "data": self.data,
            "protocol": self.protocol,
            "n": self.n,
            "mean": self.mean,
            "interval": {name: list(ends) for name, ends in self.interval.items()},
            "collapsed": self.diversity.collapsed,
            "memorisation": self.memorisation.as_json(),
            "rows": list(self.rows),
        }


class Examination:
    """What pictures of a generator are judged by: those of its training, and held-out ones.

    Args:
        card: Of the generator's model.
        train: Pictures it was trained on.
        held_out: Others like them.

    Raises:
        UsageError: There are too few pictures, or they do not fit the model.
        ImageError: One can't be read.
    """

    def __init__(self, card: ModelCard, train: Sequence[Pair], held_out: Sequence[Pair]) -> None:
        check_enough(held_out)
        self.train, self.features = train, chosen_features()
        number = min(max(GENERATED, len(held_out)), _MOST)
        #: What the pictures to judge are asked to show: as many as there are held-out ones, and
        #: enough to tell copies.
        self.labels = labels_like(held_out, card, number)
        real = as_learned(held_out, card)
        self.held_out = described(real, self.features)
        self.check = CopyCheck(as_learned(train, card), real, self.features)

    @property
    def protocol(self) -> str:
        """How sets are compared, in words."""
        numbers = f"{len(self.labels)} generated against {len(self.held_out)} held-out pictures"
        return f"{numbers}; {self.features.text}"

    def scores(
        self,
        model: str,
        data: str,
        generated: Tensor,
        sheet: Path | None = None,
        asked: Sequence[dict[str, Any]] | None = None,
    ) -> GeneratorScores:
        """Scores of pictures.

        Args:
            model: Its name.
            data: Name of the pictures it is judged by.
            generated: ``(N, C, H, W)`` in [0, 1].
            sheet: Where to write those nearest to training, as a PNG.
            asked: What each is made of, for its row; None: the seeds 0, 1, 2 … and `labels`.
        """
        if asked is None:
            asked = [{"seed": seed, "label": label} for seed, label in enumerate(self.labels)]
        seen, near = described(generated, self.features), self.check.nearness(generated)
        if sheet:
            self.check.sheet(generated, near, sheet)
        rows = [
            one
            | {
                "nearness": round(float(near.values[number]), 4),
                "nearest": self.train[int(near.nearest[number])].name,
            }
            for number, one in enumerate(asked)
        ]
        return GeneratorScores(
            model=model,
            data=data,
            protocol=self.protocol,
            kid=steady_kid(seen, self.held_out),
            **precision_recall(seen, self.held_out)._asdict(),
            **density_coverage(seen, self.held_out)._asdict(),
            diversity=diversity(seen, self.held_out),
            memorisation=self.check.judge(near),
            rows=tuple(rows),
        )


def check_enough(held_out: Sequence[Pair], part: str = "") -> None:
    """Raise a `UsageError` if there are too few to score by; better before any work.

    Args:
        part: Which they are, in words.
    """
    if len(held_out) < _FEWEST:
        which = f" ({part})" if part else ""
        problem = f"{len(held_out)} held-out pictures{which} are too few to score generators by"
        raise UsageError(problem, f"it takes {_FEWEST}, better 30; --split says which are held out")


def evaluate_generator(
    model: str | Path,
    data: str | Path,
    split: str | Path | None = None,
    output: str | Path | None = None,
    *,
    device: str = "auto",
    overwrite: bool = False,
    message: Callable[[str], None] = lambda text: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> GeneratorScores:
    """Score a generator by pictures that its training did not see.

    As many are generated as were held out, 64 at least, from the seeds 0, 1, 2 …; of a model with
    labels in the proportions of the held-out ones.

    Args:
        model: A model file, or the folder of a run (its best model, and its split).
        data: Folder of the pictures it was trained on and of others like them.
        split: A ``split.csv`` that tells which are which; None: the run's, else the folder's own,
            else as the model's training divided it.
        output: Folder for ``nearest.csv`` and ``nearest.png``.
        device: As for `beyne.load`.
        overwrite: Replace these files if they exist.
        message: Is told in words what happens.
        progress: Is given pictures done and pictures in all.

    Raises:
        UsageError: The call is wrong, or there are fewer than six held-out pictures.
        ImageError: A picture can't be read.
        MissingExtraError: SciPy is not installed.
    """
    scipy_stats()  # what is missing should be known before the work
    folder = Path(output) if output else None
    if folder:
        check_output(folder, FILES, overwrite)
    sampler = Sampler(load(model_file(str(model))), device)
    card, place = sampler.card, Path(data)
    train, held_out = trained_and_held_out(card, place, split_of(model, split))
    named = f"{place.resolve().name}: {len(held_out)} held out of training"
    for words in filter(None, (named, doubt(card, train))):
        message(words)
    examination = Examination(card, train, held_out)
    generated = painted(sampler, examination.labels, progress=progress)
    name = Path(model).resolve().name if Path(model).is_dir() else sampler.card.name
    listed, sheet = (folder / name for name in FILES) if folder else (None, None)
    scores = examination.scores(name, named, generated, sheet)
    if listed:
        by_nearness = sorted(scores.rows, key=lambda row: row["nearness"])
        write_whole(listed, table(by_nearness))
    return scores


def memorisation(
    model: str | Path, data: str | Path, split: str | Path | None = None, n: int = GENERATED
) -> Memorisation:
    """Does a generator paint its training pictures again?

    Args:
        model: As for `evaluate_generator`, as are ``data`` and ``split``.
        n: Pictures to judge, of the seeds 0, 1, 2 …

    Raises:
        UsageError: The model generates nothing, or there are too few pictures.
        ImageError: A picture can't be read.

    Example:
        >>> import beyne
        >>> print(beyne.memorisation("runs/gan", "photos").sentence)
    """
    path = model_file(str(model))
    check_job(read_card(path), "generate")
    sampler = Sampler(load(path))
    train, held_out = trained_and_held_out(sampler.card, Path(data), split_of(model, split))
    seen, unseen = (as_learned(pairs, sampler.card) for pairs in (train, held_out))
    check = CopyCheck(seen, unseen, chosen_features())
    labels = labels_like(held_out, sampler.card, n)
    return check.judge(check.nearness(painted(sampler, labels)))
