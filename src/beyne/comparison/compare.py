"""The verb: compare arms, and write the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from beyne.comparison.budget import Budget
from beyne.comparison.options import Listener, Options
from beyne.comparison.page import comparison_report
from beyne.comparison.result import Comparison
from beyne.comparison.study import Study
from beyne.files import locked
from beyne.predict.fitting import Bands
from beyne.reports import write_report
from beyne.reports.words import Words


def compare(
    arms: Sequence[str],
    data: str | Path,
    output: str | Path,
    *,
    seeds: int = 3,
    budget: str | None = None,
    split: str | Path | None = None,
    scale: int | None = None,
    bands: Bands = None,
    metric: str | None = None,
    device: str = "auto",
    settings: Sequence[str] = (),
    language: str = "en",
    debug: bool = False,
    listener: Listener | None = None,
) -> Comparison:
    """Compare ways to enlarge, translate or generate pictures, on ones that none was trained on.

    Recipes are trained first, several times each. Every arm is scored on the same pictures: the
    test split, else val, else (where nothing is trained) all, but for those that a run among the
    arms was trained on. The same call again goes on where it stopped.

    Args:
        arms: Two or more of: a recipe (its name, or a TOML file; ``recipe:NAME`` where a model has
            the same name), a run's folder, a model's name or file, ``nearest``, ``bicubic``,
            ``lanczos``; of translations ``copy`` (the input) and ``median``; of generators ``copy``
            (training pictures; where texts are asked, the one with the nearest caption) and
            ``mean`` (their mean).
        data: Folder of originals, or with ``hr/`` and ``lr*/``, or of pairs a, b.
        output: Folder for ``report.html``, ``report.json``, ``scores.csv``, the frozen
            ``split.csv``, and the runs.
        seeds: Trainings of each recipe; of another generator, samples.
        budget: Length of each, ``images=N`` or ``minutes=M``; None: as the recipes say.
        split: A ``split.csv`` to obey instead of the data folder's.
        scale: Enlargement; None: the smallest that the arms make.
        bands: Those to score, as for `beyne.evaluate`; not where a recipe is trained.
        metric: That decides; None: KID of generators, else LPIPS if its weights are here, else
            PSNR. Where texts are asked, verdicts on KID and class accuracy are always given.
        device: Where pictures are enlarged and scored, as for `beyne.load`; training takes the GPU
            that is there.
        settings: Over every recipe, such as ``"data.a=masks"`` or ``"data.captions=FILE"``.
        language: Of the report: ``en``, ``kk``, ``ru`` or ``uk``.
        debug: Let errors nobody foresaw through.
        listener: Is told how it goes on.

    Raises:
        UsageError: The call is wrong, the folder holds another comparison, or another process is at
            work in it.
        BeyneError: Fewer than two arms could be scored.

    Example:
        >>> import beyne
        >>> found = beyne.compare(["bicubic", "photo-x4"], "Set5", "report")
        >>> print(found.verdicts[0].sentence)
    """
    Words(language)  # refused before the work, not after
    options = Options(
        seeds=seeds,
        budget=Budget.of(budget) if budget else None,
        split=Path(split) if split else None,
        scale=scale,
        bands=bands,
        metric=metric,
        device=device,
        settings=tuple(settings),
        debug=debug,
    )
    study = Study(arms, Path(data), Path(output), options, listener or Listener())
    with locked(study.folder):
        found = study.run()
        write_report(comparison_report(study, found), study.folder, language)
    return found
