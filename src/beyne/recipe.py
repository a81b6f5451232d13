"""Recipes: TOML files of differences over typed defaults."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SerializeAsAny, field_validator, model_validator

from beyne.config import Config, Tree, merged, parse_setting, read_toml, validated
from beyne.data.crops import Colours, Views
from beyne.data.degradations import BicubicConfig, DegradationConfig, configured
from beyne.data.pairs import GENERATING, Job, Layout, Sources
from beyne.errors import UsageError, did_you_mean
from beyne.images.resample import Operator
from beyne.tasks.adversarial import AdversarialConfig

_LENGTHS = {"images", "epochs"}
_Beta = Annotated[float, Field(ge=0, lt=1)]
#: Columns of stats.jsonl that are no losses of the recipe.
_TAKEN = {"images", "learning_rate", "mae", "psnr", "ssim", "lr_psnr", "lpips"}
_TAKEN |= {
    "adversarial",
    "diversity",
    "feature_matching",
    "reconstruction",
    "mismatch",
    "discriminator",
    "r1",
    "r2",
    "accuracy",
    "discriminator_rate",
}

PRESETS = Path(__file__).with_name("presets")


class TrainConfig(Config):
    """How long and how to train. Everything is counted in training images seen (crops)."""

    images: int | None = Field(None, ge=1)
    epochs: float | None = Field(None, gt=0, description="instead of images; converted once")
    batch: int = Field(16, ge=1, le=4_096)
    micro_batch: int | None = Field(None, ge=1, description="crops at once; default: the batch")
    learning_rate: float = Field(1e-3, gt=0)
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup: int = Field(3_200, ge=0, description="images until the learning rate is reached")
    betas: tuple[_Beta, _Beta] = (0.9, 0.99)
    weight_decay: float = Field(0.0, ge=0)
    clip: float = Field(1.0, ge=0, description="largest gradient norm; 0: no clipping")
    ema_half_life: int = Field(11_000, ge=0, description="images; 0: no averaging")
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    seed: int = Field(0, ge=0, lt=2**63)  # keys of the random numbers have 64 bits
    start: str | None = None  # a RUN or a MODEL to start from; "" for none
    select: Literal["mae", "psnr", "lpips", "kid"] = (
        "psnr"  # the validation score that decides which is best
    )
    patience: int = Field(0, ge=0, description="validations without gain before stopping; 0: off")
    log_every: int | None = Field(None, ge=1, description="default: by the run's length")
    save_every: int | None = Field(None, ge=1, description="also validates; default as above")
    preview_every: int | None = Field(None, ge=1, description="default as above")

    @field_validator("start")
    @classmethod
    def _empty_is_none(cls, start: str | None) -> str | None:
        return start or None

    @model_validator(mode="after")
    def _length_is_given_once(self) -> TrainConfig:
        if self.images is not None and self.epochs is not None:
            raise ValueError("give images or epochs, not both")
        if self.micro_batch and self.batch % self.micro_batch:
            raise ValueError("batch must be a multiple of micro_batch")
        return self


class DataConfig(Config):
    """What the pictures are and how crops are cut from them; sizes in pixels."""

    size_in: int = Field(32, ge=1, description="side of the low-resolution crop")
    size_out: int = Field(128, ge=1, description="side of the original's crop")
    cut: Literal["crops", "whole"] = "crops"  # whole: pictures resampled to the two sides
    views: Views = "all"  # in which crops are shown; mirrored or upright where up is up
    colours: Colours = "own"  # exchanged where a translation's inputs can't tell the overall colour
    candidates: int = Field(1, ge=1, description="crops drawn for each; the most detailed is taken")
    halved: float = Field(
        0, ge=0, lt=1, description="share of crops of pictures at half their size"
    )
    operator: Operator = "bicubic"
    degradation: SerializeAsAny[DegradationConfig] = BicubicConfig()
    hr: Path | None = None
    lr: Path | None = None
    val_hr: Path | None = None
    val_lr: Path | None = None
    a: Path | None = None  # inputs to translate, and what they shall become: b
    b: Path | None = None
    layout: Layout = "folders"
    classes: tuple[str, ...] | None = None  # folders that are labels; [] for none
    captions: Path | None = None  # file,text,lang,label; default: captions.csv in the data folder
    caption_dropout: float = Field(0.1, ge=0, le=1, description="share shown without a text")
    caption_mixing: float = Field(0.5, ge=0, le=1, description="share between two of a class")
    validation_pictures: int = Field(16, ge=1, description="at most; evenly spaced over val")

    @field_validator("degradation", mode="before")
    @classmethod
    def _degradation_of_its_kind(cls, fields: Any) -> DegradationConfig:
        return configured(fields)

    @model_validator(mode="after")
    def _sides_go_together(self) -> DataConfig:
        if (self.a is None) != (self.b is None):
            raise ValueError("data.a and data.b go together")
        return self

    @property
    def scale(self) -> int:
        """Enlargement."""
        return self.size_out // self.size_in

    @property
    def least_out(self) -> int:
        """Least side of what losses and discriminators see, which is cut anew in every step."""
        return self.size_out - (self.scale - 1)

    @property
    def made_by(self) -> Operator | None:
        """The operator A that the inputs go back to: None where it says nothing of an output.

        At scale 1, or for inputs that are degraded further, an output that shrinks to its input
        would have cleaned nothing.
        """
        further = not isinstance(self.degradation, BicubicConfig)
        return None if further or self.scale == 1 else self.operator


class Recipe(Config):
    """Everything that decides a training run."""

    name: str
    job: Job = "upscale"
    description: str = ""
    licence: str = Field("not stated", description="licence of the weights this run makes")
    credit: str = Field("", description="whose pictures the weights were made from")
    generator: dict[str, Any]
    losses: dict[str, dict[str, Any]] = Field({"content": {"kind": "l1"}})
    discriminator: dict[str, Any] | None = None
    text: dict[str, Any] | None = None  # the encoder of captions
    adversarial: AdversarialConfig | None = None
    data: DataConfig = DataConfig()
    train: TrainConfig = TrainConfig(images=1_000_000)

    @field_validator("losses")
    @classmethod
    def _names_are_free(cls, losses: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        if taken := _TAKEN & losses.keys():
            raise ValueError(f"'{min(taken)}' can't be the name of a loss, choose another")
        return losses

    @model_validator(mode="after")
    def _both_or_none(self) -> Recipe:
        if (self.discriminator is None) != (self.adversarial is None):
            raise ValueError("the tables discriminator and adversarial go together")
        return self

    @model_validator(mode="after")
    def _generates_against_a_discriminator(self) -> Recipe:
        if (self.job == "illustrate") != (self.text is not None):
            raise ValueError('the table text goes with job = "illustrate"')
        if self.generates != (self.train.select == "kid"):
            raise ValueError('train.select: "kid" chooses among generators, and nothing else does')
        if not self.generates:
            if not self.losses:
                raise ValueError("losses: there must be one")
            return self
        if self.adversarial is None:
            raise ValueError("a generator learns from a discriminator: give both tables")
        if self.adversarial.warmup or self.adversarial.head_start:
            raise ValueError("adversarial.warmup and head_start must be 0 for a generator")
        return self

    @model_validator(mode="after")
    def _scale_is_possible(self) -> Recipe:
        size_in, size_out = self.data.size_in, self.data.size_out
        possible = size_out % size_in == 0 and size_out // size_in in (1, 2, 3, 4, 8)
        if not self.generates and not possible:
            raise ValueError("data.size_out must be 1, 2, 3, 4 or 8 times data.size_in")
        return self

    @model_validator(mode="after")
    def _translates_at_one_size(self) -> Recipe:
        if self.job == "translate" and self.data.scale != 1:
            raise ValueError("a translation keeps the size: data.size_out must be data.size_in")
        if self.job != "translate" and self.data.colours != "own":
            raise ValueError("data.colours: only a translation may make up colours")
        if self.data.halved and (self.job != "upscale" or self.data.cut == "whole"):
            raise ValueError("data.halved: only for crops of pictures to upscale")
        return self

    @property
    def generates(self) -> bool:
        """Whether pictures are made of noise."""
        return self.job in GENERATING

    @property
    def sources(self) -> Sources:
        """What the data folder is for, and where in it the pictures are."""
        named = ("hr", "lr", "val_hr", "val_lr", "a", "b", "layout")
        return Sources(job=self.job, **{name: getattr(self.data, name) for name in named})

    @property
    def side(self) -> int | None:
        """Side of the squares that a translation takes whole pictures as; None: their own size."""
        translated = self.job == "translate" and self.data.cut == "whole"
        return self.data.size_in if translated else None

    def plain(self) -> Tree:
        """Nested plain values, as TOML or JSON take them; unset values left out."""
        return self.model_dump(mode="json", exclude_none=True)

    def told(self) -> Tree:
        """`plain` as a model's card tells it: of files only their names, as folders name people."""
        told = self.plain()
        for table, key in (("train", "start"), ("data", "captions")):
            if key in told[table]:
                told[table][key] = Path(told[table][key]).name
        return told


def named_sources(job: Job, settings: Sequence[str], data: Tree | None = None) -> Sources:
    """Where the two sides of a translation are.

    Args:
        job: What the data folder is for.
        settings: Texts such as ``"data.a=masks"``.
        data: What a recipe says of its data, which they are laid over.

    Raises:
        UsageError: A setting is about something else.
    """
    kept = {key: value for key, value in (data or {}).items() if key in ("a", "b", "layout")}
    values: Tree = {"data": kept}
    for setting in settings:
        values = merged(values, parse_setting(setting))
    if strange := values.keys() - {"data"} | values["data"].keys() - {"a", "b", "layout"}:
        problem = f"--set {min(strange)}: only data.a, data.b and data.layout mean something here"
        raise UsageError(problem, "leave it out")
    found = validated(DataConfig, values["data"], "data")
    return Sources(job=job, a=found.a, b=found.b, layout=found.layout)


def named_captions(settings: Sequence[str]) -> Path | None:
    """Where the captions are; None: as a data folder has them.

    Args:
        settings: Texts such as ``"data.captions=FILE"``.

    Raises:
        UsageError: A setting is about something else.
    """
    values: Tree = {"data": {}}
    for setting in settings:
        values = merged(values, parse_setting(setting))
    if strange := values.keys() - {"data"} | values["data"].keys() - {"captions"}:
        problem = f"--set {min(strange)}: only data.captions means something here"
        raise UsageError(problem, "leave it out")
    return validated(DataConfig, values["data"], "data").captions


def named_originals(settings: Sequence[str]) -> Sources:
    """Where originals and their low-resolution sides are.

    Args:
        settings: Texts such as ``"data.hr=sharp"``.

    Raises:
        UsageError: One is no path.
    """
    values: Tree = {}
    for setting in settings:
        values = merged(values, parse_setting(setting))
    found = validated(DataConfig, values["data"], "data")
    return Sources(hr=found.hr, lr=found.lr, val_hr=found.val_hr, val_lr=found.val_lr)


def presets() -> list[str]:
    """Names of the recipes that come with beyne."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def _values(path: Path) -> Tree:
    """What a recipe says, laid over the preset it names as its ``base``."""
    values = read_toml(path)
    base = values.pop("base", None)
    if base is None:
        return values
    if base not in presets():
        raise UsageError(f"{path}: there is no recipe '{base}'", did_you_mean(str(base), presets()))
    return _laid_over(_values(PRESETS / f"{base}.toml"), values)


def _laid_over(before: Tree, changes: Tree) -> Tree:
    """`merged`, but that one length of a run replaces the other."""
    old, new = before.get("train"), changes.get("train")
    if isinstance(old, dict) and isinstance(new, dict) and _LENGTHS & new.keys():
        before = before | {"train": {key: old[key] for key in old.keys() - _LENGTHS}}
    return merged(before, changes)


def load_recipe(name_or_path: str, settings: list[str] | None = None) -> Recipe:
    """Read a recipe and lay ``key.sub=value`` settings over it.

    Args:
        name_or_path: A name of `presets` or a path to a TOML file.
        settings: Texts such as ``"train.batch=8"``.

    Raises:
        UsageError: There is no such recipe, or a key or value does not fit.
    """
    path = PRESETS / f"{name_or_path}.toml"
    if not path.is_file():
        path = Path(name_or_path)
        if path.suffix != ".toml" and not path.is_file():
            hint = did_you_mean(name_or_path, presets())
            raise UsageError(f"there is no recipe '{name_or_path}'", hint)
    values: Tree = {"name": path.stem} | _values(path)
    for setting in settings or []:
        values = _laid_over(values, parse_setting(setting))
    recipe = validated(Recipe, values)
    if recipe.train.images is None and recipe.train.epochs is None:
        raise UsageError("the recipe gives neither train.images nor train.epochs", "set one")
    return recipe
