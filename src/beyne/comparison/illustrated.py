"""Models that make pictures of texts in a comparison: all are asked the same questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from beyne.bundle import ModelCard, load
from beyne.comparison.arms import Arm
from beyne.comparison.generated import GeneratedStudy
from beyne.data import Caption, Pair, find_captions
from beyne.evaluation.enlargers import PLAIN, model_file
from beyne.evaluation.generators import Examination
from beyne.evaluation.painters import BASELINES
from beyne.evaluation.scores import Scores
from beyne.evaluation.texts.examination import Painter, TextExamination
from beyne.evaluation.texts.illustrators import captions_for
from beyne.evaluation.texts.judge import Worth
from beyne.evaluation.texts.prompts import Illustrator
from beyne.evaluation.texts.questions import Told, read_told, with_captions


class IllustratedStudy(GeneratedStudy):
    """Scores models by the captions of pictures that none was trained on.

    Args:
        train: Pictures that recipes are trained on.
        held_out: Those that all are scored by, all with captions.
        data: What they are called.
        device: Where models compute.
        told: Captions of each picture.
        groups: Of pictures.
    """

    def __init__(
        self,
        train: Sequence[Pair],
        held_out: Sequence[Pair],
        data: str,
        device: str,
        told: Told,
        groups: Mapping[str, str],
    ) -> None:
        super().__init__(train, held_out, data, device)
        self.told, self.groups = told, groups

    def scores(
        self,
        source: str | Path,
        like: str | Path,
        seed: int,
        progress: Callable[[int, int], None],
    ) -> Scores:
        """As of any generator; and `beyne.metrics.TEXT_METRICS`, as far as they can be measured."""
        examination = self._text_examination(like)
        answers = examination.answers(self._painter(source, examination), seed, progress)
        names = tuple(pair.name for pair in self.held_out)
        columns = examination.columns(answers)
        protocol = "; ".join(filter(None, (examination.protocol, answers.refusals)))
        return Scores(str(source), self.data, protocol, names, columns, seed)

    def worth(self, like: str | Path) -> Worth | None:
        """Of the judge; None where the captions name fewer than two classes."""
        return self._text_examination(like).worth

    def _sample(
        self,
        source: str | Path,
        examination: Examination,
        seed: int,
        progress: Callable[[int, int], None],
    ) -> Tensor:
        assert isinstance(examination, TextExamination)
        return examination.singles(self._painter(source, examination), seed)

    def _painter(self, source: str | Path, examination: TextExamination) -> Painter:
        if source in BASELINES:
            return Plain(str(source), examination)
        return Illustrator(load(model_file(str(source))), self.device)

    def _text_examination(self, like: str | Path) -> TextExamination:
        examination = self._examination(like)
        assert isinstance(examination, TextExamination)
        return examination

    def _made(self, card: ModelCard) -> Examination:
        train = with_captions(self.train, self.told, "training")
        return TextExamination(card, train, self.held_out, self.told, self.groups)


class Plain:
    """A baseline: the training picture whose caption is most like the prompt, or their mean.

    Args:
        name: ``copy`` or ``mean``.
        examination: Knows the training pictures and their captions.
    """

    def __init__(self, name: str, examination: TextExamination) -> None:
        self.name, self.matcher = name, examination.matcher
        self.train = examination.check.training.pictures
        told = [(n, caption) for n, texts in enumerate(examination.known) for caption in texts]
        self._pictures = [number for number, _ in told]
        self._bags = self.matcher.bags([caption for _, caption in told])

    def refusal(self, prompt: Caption) -> None:
        """Of nothing."""

    def paint(self, prompts: Sequence[Caption], seeds: Sequence[int]) -> Tensor:
        """The same whatever the seed."""
        if self.name == "mean":
            return self.train.mean(0, keepdim=True).expand(len(prompts), -1, -1, -1)
        nearest = (self.matcher.bags(prompts) @ self._bags.T).argmax(1).tolist()
        return self.train[[self._pictures[number] for number in nearest]]


def study_of(
    train: Sequence[Pair],
    held_out: Sequence[Pair],
    data: str,
    device: str,
    captions: Path | None,
    groups: Mapping[str, str],
) -> GeneratedStudy:
    """What scores the arms, if they are generators; of pictures of texts by those with captions.

    Raises:
        UsageError: No held-out picture has a caption, or the table can't be read.
    """
    if captions is None:
        return GeneratedStudy(train, held_out, data, device)
    told = read_told(captions)
    held_out = with_captions(held_out, told, "held-out")
    return IllustratedStudy(train, held_out, data, device, told, groups)


def captions_of(arms: Sequence[Arm], data: Path, settings: Sequence[str]) -> Path | None:
    """The captions of all arms: as the first recipe says, else as the first model.

    None where the arms make no pictures of texts.

    Raises:
        UsageError: There are none.
    """
    if arms[0].job != "illustrate":
        return None
    trained = [arm for arm in arms if arm.trained]
    if trained:
        return find_captions(data, trained[0].recipe().data.captions)
    models = [arm.source for arm in arms if arm.source not in PLAIN]
    return captions_for(models[0], data, settings)
