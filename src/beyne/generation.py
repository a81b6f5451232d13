"""Pictures of a generator as files: numbered by their seeds, with a manifest to remake any."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

import torch
from torch import Tensor

from beyne.bundle import load, read_card
from beyne.errors import BeyneError, ImageError, UsageError
from beyne.evaluation.copies import copy_check, split_of
from beyne.evaluation.memorisation import CopyCheck
from beyne.files import check_free, write_whole
from beyne.images import Raster, write
from beyne.images.animation import write_animation
from beyne.images.raster import Pixels, to_tensor
from beyne.images.sheet import in_rows, shown
from beyne.predict.fitting import check_job
from beyne.predict.manifest import MANIFEST, manifest, read_manifest, varied
from beyne.predict.predictor import Predictor
from beyne.predict.sampler import SEEDS, Place, Sampler
from beyne.text.encoder import shown as named
from beyne.text.reader import Reading
from beyne.zoo import find

SHEET = "grid.png"
ANIMATIONS = ("walk.gif", "walk.webp")

_MOST = 1_000_000
_SHEET_MOST = 100
_WALK_MOST = 100
_WALK_STEPS = 16
_NAME_LENGTH = 60  # characters of a folder's name
_TRIES = 20  # pictures to draw at most for each one wanted


@dataclass(frozen=True)
class Made:
    """A picture that was written.

    Attributes:
        output: The file.
        seed: What it was made from; with it ``--seed`` makes it again.
        label: What was asked for; None of a model without labels.
        text: The same.
        megapixels: Its size.
        nearness: To the nearest training picture, see `beyne.evaluation.nearness`; None: not asked.
    """

    output: Path
    seed: int
    label: str | None
    megapixels: float
    nearness: float | None = None
    text: str | None = None


@dataclass
class Generated:
    """What became of a call.

    Attributes:
        model: Name of the model.
        device: Where it was computed.
        done: Pictures, in order.
        rejected: Seeds of near-copies of training pictures, which were drawn again.
        sheets: Other files: the sheet, the walks.
        readings: What each text was read as, where the model knows labels.
    """

    model: str
    device: str
    done: list[Made] = field(default_factory=list)
    rejected: list[int] = field(default_factory=list)
    sheets: list[Path] = field(default_factory=list)
    readings: dict[str, Reading] = field(default_factory=dict)


def generate_files(
    model: str | Path,
    output: str | Path,
    n: int = 16,
    *,
    label: str | None = None,
    texts: Sequence[str] = (),
    seed: int = 0,
    vary: str | int | None = None,
    strength: float = 0.3,
    grid: bool = False,
    interpolate: int | None = None,
    upscale: str | Path | None = None,
    reject_copies: str | Path | None = None,
    split: str | Path | None = None,
    device: str = "auto",
    overwrite: bool = False,
    made: Callable[[Made], None] = lambda picture: None,
    message: Callable[[str], None] = lambda text: None,
) -> Generated:
    """Generate pictures into a folder, each named by its seed: the first has ``seed``.

    ``manifest.csv`` tells file, model, seed, label and text, also of earlier calls. PNG for 1 and 3
    bands, TIFF for others, of the depth that the model's card states.

    Args:
        model: A model file, or a built-in model's name.
        output: The folder; made if it is not there.
        n: Pictures; of each text, if there are any.
        label: One of the model's labels; None: each in turn, by the seed.
        texts: What the pictures shall show; of several, each has a folder named after it.
        seed: Of the first; each next one's is one more.
        vary: Make variations of the picture with this seed, or of this file, which has its seed in
            the ``manifest.csv`` beside it; and its text or label, unless the call says another.
        strength: How far these are from it, 0 to 1.
        grid: Write ``grid.png``, too: the first 100 on one sheet, a row for each text.
        interpolate: Write ``walk.gif`` and ``walk.webp``, too: a walk through so many of the
            pictures, from the first on and back to it.
        upscale: Enlarge everything by this model, such as ``photo-x4``, before it is written.
        reject_copies: Folder of the training pictures: those that are nearer to one of them than
            held-out pictures are get drawn again, with the next seeds.
        split: A ``split.csv`` that tells which of that folder were held out; None: that of the
            run which the model is in, else the folder's own.
        device: As for `beyne.load`.
        overwrite: Replace files that exist.
        made: Is told of each picture when it is written.
        message: Is told in words what happens.

    Raises:
        UsageError: The call is wrong; nothing was written.
        ImageError: A picture can't be read or written.
        BeyneError: Nearly all pictures are near-copies.
    """
    path, folder = find(str(model), "generate"), Path(output)
    check_job(read_card(path), "generate")
    texts = list(dict.fromkeys(texts))
    _check_numbers(n, seed, interpolate, strength)
    first = Place(seed, label, strength=strength)
    if vary is not None:
        first, texts = varied(first, str(vary), texts)
    sampler = Sampler(load(path), device)
    enlarge = _enlarger(upscale, sampler, device)
    sampler.label_of(seed, first.label)
    for text in texts:
        sampler.vector_of(text)
    suffix = ".png" if sampler.card.channels_out in (1, 3) else ".tiff"
    names = {*((SHEET,) if grid else ()), *(ANIMATIONS if interpolate else ())}
    folders = _folders(texts)
    for name in folders.values():
        names |= {str(Path(name) / f"{number:06d}{suffix}") for number in range(seed, seed + n)}
    _check_places(folder, folders.values(), names, overwrite, reject_copies)
    known, check = read_manifest(folder / MANIFEST), None
    if reject_copies:
        check = copy_check(sampler.card, Path(reject_copies), split_of(path, split), message)
    result = Generated(sampler.card.name, str(sampler.device))
    for text in texts:
        if reading := sampler.read(text):
            result.readings[text] = reading
            message(f"{named(text)}: {reading.sentence}")
    shown_first: list[Pixels] = []
    drawn: list[Place] = []
    for asked, name in folders.items():
        wanted = first._replace(text=asked)
        for place, image, nearness in _drawn(sampler, n, wanted, check, result.rejected):
            target = folder / name / f"{place.seed:06d}{suffix}"
            check_free(target, overwrite)
            image = enlarge(image)
            write(sampler.raster(image), target)
            size = image[0, 0].numel() / 1e6
            picture = Made(target, place.seed, place.label, size, nearness, place.text)
            result.done.append(picture)
            drawn.append(place)
            made(picture)
            if grid and len(shown_first) < _SHEET_MOST:
                shown_first.append(shown(image))
    distances = [picture.nearness for picture in result.done]
    files = [picture.output.relative_to(folder).as_posix() for picture in result.done]
    write_whole(folder / MANIFEST, manifest(known, result.model, files, drawn, distances))
    if grid:
        across = min(n, _SHEET_MOST) if len(texts) > 1 else math.ceil(len(shown_first) ** 0.5)
        write(Raster(_sheet(shown_first, across)), folder / SHEET)
        result.sheets.append(folder / SHEET)
    if interpolate:
        frames = [shown(enlarge(image)) for image in sampler.walk(drawn[:interpolate], _WALK_STEPS)]
        result.sheets += [folder / name for name in ANIMATIONS]
        write_animation(frames, *(folder / name for name in ANIMATIONS))
    return result


def _enlarger(
    model: str | Path | None, sampler: Sampler, device: str
) -> Callable[[Tensor], Tensor]:
    """What is done to each picture ``(1, C, H, W)`` in [0, 1] before it is written."""
    if model is None:
        return lambda image: image
    path = find(str(model))
    check_job(read_card(path), "upscale")
    predictor = Predictor(load(path), device)

    def enlarge(image: Tensor) -> Tensor:
        return to_tensor(predictor.apply(sampler.raster(image)).pixels)

    size = sampler.card.generator["height"], sampler.card.generator["width"]
    try:
        enlarge(torch.zeros(1, sampler.card.channels_out, *size))
    except ImageError as error:  # of bands that don't fit; else it came in the middle of the work
        raise UsageError(f"--upscale {model}: {error.problem}", error.remedy) from None
    return enlarge


def _drawn(
    sampler: Sampler,
    n: int,
    first: Place,
    check: CopyCheck | None,
    rejected: list[int],
) -> Iterator[tuple[Place, Tensor, float | None]]:
    """Places, images and their nearness; seeds of near-copies are put into ``rejected``."""
    kept, refused = 0, 0
    for number in count(first.seed):
        if kept == n:
            return
        place = first._replace(seed=number, label=sampler.label_of(number, first.label))
        image = sampler.image(*place)
        near = check.nearness(image) if check else None
        if check and near and check.rejected(near):
            rejected.append(number)
            refused += 1
            if refused >= _TRIES * n:
                problem = f"{refused} of {refused + kept} pictures were near-copies"
                raise BeyneError(f"{problem}, {kept} of {n} were kept", "train another model")
            continue
        kept += 1
        yield place, image, float(near.values) if near else None


def _folders(texts: Sequence[str]) -> dict[str | None, str]:
    """The folder of each text's pictures; of a single one, or of none, there is no folder."""
    if len(texts) < 2:
        return dict.fromkeys(texts, "") or {None: ""}
    names: dict[str | None, str] = {}
    for text in texts:
        plain = "-".join(re.findall(r"\w+", text))[:_NAME_LENGTH]
        numbered = (f"{plain}-{number}" for number in count(2))
        taken = {name.casefold() for name in names.values()}
        free = (name for name in chain([plain], numbered) if name.casefold() not in taken)
        names[text] = next(free)
    return names


def _check_numbers(n: int, seed: int, interpolate: int | None, strength: float) -> None:
    if not 1 <= n <= _MOST:
        raise UsageError(f"-n {n}: not a number from 1 to {_MOST}", "-n 16")
    if not 0 <= seed < SEEDS - (_TRIES + 1) * n:
        raise UsageError(f"--seed {seed}: not a number from 0 to 2⁶³", "--seed 0")
    if not 0 <= strength <= 1:
        raise UsageError(f"--strength {strength:g}: not a number from 0 to 1", "--strength 0.3")
    if interpolate is not None and not 2 <= interpolate <= min(n, _WALK_MOST):
        problem = f"--interpolate {interpolate}: a walk goes through 2 to {_WALK_MOST} pictures"
        raise UsageError(f"{problem} of the {n} that are made", "-n 8 --interpolate 8")


def _check_places(
    folder: Path, parts: Iterable[str], names: set[str], overwrite: bool, data: str | Path | None
) -> None:
    """Refuse what can't be written before the work is done, and make the folder with its parts."""
    if data is not None and folder.resolve().is_relative_to(Path(data).resolve()):
        raise UsageError(f"-o {folder} lies in the folder of the training pictures", "another -o")
    for part in (folder, *(folder / name for name in parts)):
        try:
            part.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"-o {part} can't be made ({error.strerror})", "another -o") from None
    for name in sorted(names):
        check_free(folder / name, overwrite)


def _sheet(pictures: list[Pixels], across: int) -> Pixels:
    """So many in a row."""
    return in_rows([pictures[first : first + across] for first in range(0, len(pictures), across)])
