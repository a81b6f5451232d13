"""A model that makes pictures of texts, scored by the captions of held-out pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from torch import Tensor

from beyne.bundle import load
from beyne.config import read_toml
from beyne.data import find_captions, read_groups
from beyne.evaluation.copies import doubt, split_of, trained_and_held_out
from beyne.evaluation.enlargers import model_file
from beyne.evaluation.statistics import scipy_stats
from beyne.evaluation.texts.examination import Answers, TextExamination
from beyne.evaluation.texts.page import text_report
from beyne.evaluation.texts.prompts import Illustrator
from beyne.evaluation.texts.questions import read_told, with_captions
from beyne.evaluation.texts.scores import TextScores, text_scores
from beyne.files import check_output, table, write_whole
from beyne.images import Raster, write
from beyne.images.sheet import in_rows, shown
from beyne.recipe import named_captions
from beyne.reports import write_report
from beyne.reports.words import Words

#: What ``-o`` gets: a row a prompt, a row of pictures a class, those nearest to training, the page.
FILES = ("answers.csv", "sheet.png", "nearest.png", "report.html", "report.json")

_ACROSS = 16  # pictures of a class in the sheet


def evaluate_illustrator(
    model: str | Path,
    data: str | Path,
    split: str | Path | None = None,
    output: str | Path | None = None,
    *,
    settings: Sequence[str] = (),
    device: str = "auto",
    language: str = "en",
    overwrite: bool = False,
    message: Callable[[str], None] = lambda text: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> TextScores:
    """Score a model that makes pictures of texts.

    The prompts are the captions of pictures that its training did not see, each picture in every
    language that its captions are in and with the same seed, so that languages can be compared. A
    judge that learned from the real pictures says what the results show.

    Args:
        model: A model file, or the folder of a run (its best model, and its split).
        data: Folder of the pictures it was trained on and of others like them.
        split: A ``split.csv`` that tells which are which; None: the run's, else the folder's own,
            else as the model's training divided it. Its groups are what intervals count.
        output: Folder for the files named in `FILES`.
        settings: ``"data.captions=FILE"``; None: the run's, else the folder's own.
        device: As for `beyne.load`.
        language: Of the report: ``en``, ``kk``, ``ru`` or ``uk``.
        overwrite: Replace these files if they exist.
        message: Is told in words what happens.
        progress: Is given questions done and questions in all.

    Raises:
        UsageError: The call is wrong, there are no captions, or fewer than six held-out pictures
            with some.
        ImageError: A picture can't be read.
        MissingExtraError: SciPy is not installed.
    """
    scipy_stats()  # what is missing should be known before the work
    Words(language)
    folder = Path(output) if output else None
    if folder:
        check_output(folder, FILES, overwrite)
    loaded = load(model_file(str(model)))
    place, divided = Path(data), split_of(model, split)
    told = read_told(captions_for(model, place, settings))
    train, held_out = trained_and_held_out(loaded.card, place, divided)
    doubts = doubt(loaded.card, train)
    train = with_captions(train, told, "training")
    held_out = with_captions(held_out, told, "held-out")
    named = f"{place.resolve().name}: {len(held_out)} held out of training"
    for words in filter(None, (named, doubts)):
        message(words)
    examination = TextExamination(loaded.card, train, held_out, told, groups_of(place, divided))
    illustrator = Illustrator(loaded, device)
    answers = examination.answers(illustrator, progress=progress)
    name = Path(model).resolve().name if Path(model).is_dir() else loaded.card.name
    sheet = folder / FILES[2] if folder else None
    scores = _scores(illustrator, examination, answers, name, named, sheet)
    if folder:
        write_whole(folder / FILES[0], table(scores.rows))
        labels = [answers.prompts[place].label for place in answers.single]
        save_sheet(answers.images[answers.single], labels, folder / FILES[1])
        write_report(text_report(scores, answers, folder / FILES[2]), folder, language)
    return scores


def _scores(
    illustrator: Illustrator,
    examination: TextExamination,
    answers: Answers,
    model: str,
    data: str,
    sheet: Path | None,
) -> TextScores:
    """Of a model, by its answers; and a PNG of those nearest to training."""
    by_label, nearest = illustrator.encoder.by_label, None
    if examination.judge and not by_label:
        captions = [caption for texts in examination.known for caption in texts]
        usable = [caption for caption in captions if not illustrator.refusal(caption)]
        nearest = [caption.label for caption in illustrator.nearest(answers.prompts, usable)]
    pictures = examination.pictures_scores(model, data, answers, sheet)
    notes = _notes(examination, answers, by_label)
    return text_scores(examination, answers, pictures, nearest, notes, by_label)


def captions_for(model: str | Path, data: Path, settings: Sequence[str] = ()) -> Path:
    """The table of captions: the named one, else that of the run's recipe, else the folder's.

    Raises:
        UsageError: There is none, or a setting is about something else.
    """
    named, recipe = named_captions(settings), Path(model) / "recipe.toml"
    if named is None and recipe.is_file():
        own = read_toml(recipe).get("data", {}).get("captions")
        named = Path(own) if own else None
    return find_captions(data, named)


def groups_of(data: Path, split: Path | None) -> dict[str, str]:
    """File → group, as far as a split states them."""
    path = split or data / "split.csv"
    return read_groups(path) if path.is_file() else {}


def _notes(examination: TextExamination, answers: Answers, by_label: bool) -> list[str]:
    """What was left out, and why."""
    notes = []
    if not examination.judge:
        notes.append("the captions name fewer than two classes: class accuracy is left out")
    elif without := sum(not texts[0].label for texts in examination.told):
        notes.append(f"{without} held-out pictures without a class are left out of class accuracy")
    if by_label:
        notes.append("the model is told labels alone: languages make no difference to it")
    if answers.refusals:
        notes.append(answers.refusals)
    spoken = {prompt.lang for prompt in answers.prompts}
    if spoken == {""}:
        notes.append("the captions name no language: language agreement is left out")
    elif len(spoken) == 1:
        notes.append("the captions are of one language: language agreement is left out")
    return notes


def save_sheet(images: Tensor, labels: Sequence[str], path: Path) -> None:
    """Up to 16 pictures of each class in a row, in order of the classes' names, as a PNG.

    Args:
        images: ``(N, C, H, W)`` in [0, 1].
        labels: Of each.
        path: Where to write them.
    """
    rows = []
    for label in sorted(set(labels)):
        chosen = [place for place, own in enumerate(labels) if own == label][:_ACROSS]
        rows.append([shown(images[place][None]) for place in chosen])
    write(Raster(in_rows(rows)), path)
