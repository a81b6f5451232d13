"""The verb: does enlarging a training set with generated pictures help? And if so, with which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from beyne.augmentation.benefit import Benefit
from beyne.augmentation.page import augmentation_report
from beyne.augmentation.pictures import write_pictures
from beyne.augmentation.study import Options, Study, chosen
from beyne.comparison.options import Listener
from beyne.files import locked
from beyne.reports import write_report
from beyne.reports.words import Words


@dataclass(frozen=True)
class Augmented:
    """What a study found and wrote.

    Attributes:
        benefit: The verdict.
        images: Folder of the pictures; None where none were written.
        kept: Pictures in it.
        copies: Near-copies of training pictures that were left out.
    """

    benefit: Benefit
    images: Path | None = None
    kept: int = 0
    copies: int = 0

    @property
    def sentence(self) -> str:
        """The verdict, and what was written."""
        if self.images is None:
            return f"{self.benefit.sentence}; no pictures were written, --anyway writes them"
        copies = f", {self.copies} near-copies left out" if self.copies else ""
        return f"{self.benefit.sentence}; {self.kept} pictures written{copies}"


def augment(
    source: str,
    data: str | Path,
    output: str | Path,
    *,
    folds: int = 3,
    repeats: int = 3,
    side: int = 32,
    steps: int = 300,
    group: str | None = None,
    split: str | Path | None = None,
    settings: Sequence[str] = (),
    anyway: bool = False,
    device: str = "auto",
    language: str = "en",
    listener: Listener | None = None,
) -> Augmented:
    """Find out whether generated pictures help a classifier, and write them if they do.

    A small classifier is trained on real pictures, with and without classical augmentation, with
    and without generated ones, in equally many steps, and asked about pictures that neither it nor
    the generator saw. The same call again goes on where it stopped.

    Args:
        source: A recipe, trained anew in each fold (its name, or a TOML file), or a model, which
            may have seen the pictures that it is judged by.
        data: Folder with one folder of pictures per class; test pictures of its split are left
            alone.
        output: Folder for ``report.html``, ``report.json``, the folds, the runs, and ``images/``
            with one folder per class and ``manifest.csv``.
        folds: Parts that the pictures are divided into, never within a source.
        repeats: Divisions into folds.
        side: Pixels a side at which the classifier sees pictures, a multiple of 8.
        steps: Of the classifier's optimiser.
        group: What names sources, as for `beyne.check`.
        split: A ``split.csv`` to obey instead of the data folder's.
        settings: Over the recipe, such as ``"train.images=8000"``.
        anyway: Write pictures also where no gain is shown.
        device: Where pictures are generated, as for `beyne.load`; training takes the GPU that is
            there, classifiers the processor.
        language: Of the report: ``en``, ``kk``, ``ru`` or ``uk``.
        listener: Is told how it goes on.

    Raises:
        UsageError: The call is wrong, the folder holds another study, or another process is at
            work in it.
        ImageError: A picture can't be read.

    Example:
        >>> import beyne
        >>> print(beyne.augment("gan-small", "cereals", "study").sentence)
    """
    Words(language)  # refused before the work, not after
    options = Options(
        folds=folds,
        repeats=repeats,
        side=side,
        steps=steps,
        group=group,
        split=Path(split) if split else None,
        settings=tuple(settings),
        device=device,
    )
    study = Study(source, Path(data), Path(output), options, listener or Listener())
    with locked(study.folder):
        done, found = study.run()
        written = None
        if found.outcome == "gain" or anyway:
            written = write_pictures(study, chosen([fold.share for fold in done]))
        write_report(augmentation_report(study, done, found, written), study.folder, language)
    return Augmented(found, study.folder / "images", *written) if written else Augmented(found)
