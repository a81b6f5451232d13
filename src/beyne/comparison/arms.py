"""What is compared: recipes, trained on the spot; runs, model files and plain ways to do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from beyne.bundle import load, read_card
from beyne.data.pairs import GENERATING, Job, Sources
from beyne.errors import UsageError
from beyne.evaluation import painters
from beyne.evaluation.enlargers import PLAIN, find_enlarger, job_of, model_file, sources_of
from beyne.predict.fitting import checked_scale
from beyne.recipe import Recipe, load_recipe, presets
from beyne.zoo import builtin

#: Says that a name is meant as a recipe, where a model has the same.
PREFIX = "recipe:"


@dataclass(frozen=True)
class Arm:
    """One side of a comparison.

    Attributes:
        name: For tables; no two arms have the same, nor the same `slug`.
        source: What was asked for: a model, a run or a baseline; of a recipe its name or file.
        trained: Whether it is a recipe.
        scale: Enlargement; None for a baseline, which takes any.
        job: What it is for.
        settings: Over a recipe, such as ``data.a=masks``.
    """

    name: str
    source: str
    trained: bool = False
    scale: int | None = None
    job: Job = "upscale"
    settings: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The name as part of a path."""
        return self.name.replace(" ", "-").casefold()

    def recipe(self, settings: Sequence[str] = ()) -> Recipe:
        """The recipe of a trained arm, with settings such as ``train.seed=1`` over it."""
        return load_recipe(self.source, [*self.settings, *settings])


def find_arms(sources: Sequence[str], settings: Sequence[str] = ()) -> tuple[Arm, ...]:
    """What is meant by each source; all are looked at, so that hours later nothing is missing.

    A name that is both a model's and a recipe's is the model's: ``recipe:NAME`` is the recipe.

    Raises:
        UsageError: Fewer than two, one of them is nothing that can be compared, or they are for
            different jobs.
    """
    if len(sources) < 2:
        raise UsageError("a comparison needs two arms or more", "add bicubic, for instance")
    found: list[Arm] = []
    for source in sources:
        arm = _arm(source, tuple(settings))
        taken, name = {other.slug for other in found}, arm.name
        for number in count(2):
            if arm.slug not in taken:
                break
            arm = replace(arm, name=f"{name} {number}")
        found.append(arm)
    for job in {arm.job for arm in found} & set(GENERATING):  # copy is not meant as a translation
        found = [replace(a, job=job) if a.source in painters.BASELINES else a for a in found]
    first = found[0]
    for arm in found:
        if arm.job != first.job:
            problem = f"{first.name} is to {first.job} pictures, {arm.name} to {arm.job} them"
            raise UsageError(problem, "compare arms of one job")
    return tuple(found)


def common_scale(arms: Sequence[Arm], scale: int | None = None) -> int:
    """The enlargement at which all are compared: the smallest of theirs, 4 for baselines alone.

    Raises:
        UsageError: A recipe makes another one, or a model can't make it.
    """
    known = [arm.scale for arm in arms if arm.scale is not None]
    common = scale or min(known, default=4 if arms[0].job == "upscale" else 1)
    for arm in arms:
        if not arm.trained and arm.source not in PLAIN:
            checked_scale(read_card(model_file(arm.source)), common)
        if arm.trained and arm.scale != common:
            problem = f"{arm.name} trains for ×{arm.scale}, and the others make ×{common}"
            raise UsageError(problem, "compare recipes of one scale, see data.size_out")
    return common


def common_sources(arms: Sequence[Arm], settings: Sequence[str]) -> Sources:
    """Where the pictures are: as the first recipe says, else as the first model."""
    trained = [arm for arm in arms if arm.trained]
    if trained:
        return trained[0].recipe().sources
    models = [arm for arm in arms if arm.source not in PLAIN]
    return sources_of((models or arms)[0].source, settings)


def _arm(source: str, settings: tuple[str, ...]) -> Arm:
    name = source.removeprefix(PREFIX)
    is_file = Path(source).suffix == ".toml"
    if name != source or is_file or (name in presets() and not _is_model(name)):
        recipe = load_recipe(name, list(settings))
        scale = 1 if recipe.generates else recipe.data.scale
        return Arm(Path(name).stem, name, True, scale, recipe.job, settings)
    if source in PLAIN:
        return Arm(source, source, job=job_of(source))
    if job_of(source) in GENERATING:
        load(model_file(source))
    else:
        find_enlarger(source)
    path = Path(source)
    title = path.resolve().name if path.is_dir() else path.stem
    return Arm(title, source, scale=read_card(model_file(source)).scale, job=job_of(source))


def _is_model(name: str) -> bool:
    return name in builtin() or name in PLAIN or Path(name).exists()
