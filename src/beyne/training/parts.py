"""What a run is put together from, made as its recipe says."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from beyne import discriminators, generators, losses, networks
from beyne.backbones import SMALLEST_SIDE
from beyne.config import Tree
from beyne.data import Crops, Decoded
from beyne.errors import UsageError
from beyne.losses import LossConfig
from beyne.metrics import LPIPS
from beyne.recipe import DataConfig, Recipe
from beyne.tasks import Adversarial, PairedTask, Term
from beyne.training.resolve import fields_of
from beyne.weights import MissingWeightsError


def build_networks(recipe: Recipe) -> dict[str, nn.Module]:
    """The resolved recipe's networks in training form, in channels-last memory."""
    generator = recipe.generator
    table = generators.GENERATORS if recipe.generates else networks.NETWORKS
    nets: dict[str, nn.Module] = {"generator": table.build(generator["kind"], fields_of(generator))}
    if judge := recipe.discriminator:
        nets["discriminator"] = _build_judge(judge)
        _check_judge(nets["discriminator"], recipe)
        _check_layers(nets["discriminator"], recipe)
    for net in nets.values():
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return nets


def _build_judge(fields: Tree) -> nn.Module:
    try:
        return discriminators.build(fields["kind"], fields_of(fields))
    except MissingWeightsError as error:
        remedy = error.remedy_in("discriminator")
        raise UsageError(f"discriminator: {error.problem}", remedy) from None


def _check_judge(judge: nn.Module, recipe: Recipe) -> None:
    """Try it on a crop: normalisations and strides want some pixels."""
    assert recipe.discriminator
    data, number = recipe.data, recipe.train.micro_batch or recipe.train.batch
    side = data.size_out if recipe.generates else data.least_out
    height, width = (recipe.generator.get(key, side) for key in ("height", "width"))
    images = torch.zeros(number, recipe.discriminator["channels"], height, width)
    try:
        with torch.inference_mode():
            copy.deepcopy(judge)(images)
    except (RuntimeError, ValueError, UsageError):
        kind = recipe.discriminator["kind"]
        problem = f"discriminator '{kind}' can't judge {number} crops of {width}×{height} pixels"
        remedy = "a larger data.size_in and data.size_out"
        if "norm" in recipe.discriminator:
            remedy = f"{remedy}, or --set discriminator.norm=none"
        raise UsageError(problem, remedy) from None


def _check_layers(judge: nn.Module, recipe: Recipe) -> None:
    assert recipe.discriminator
    assert recipe.adversarial
    if recipe.adversarial.feature_matching and not hasattr(judge, "layers"):
        problem = f"discriminator '{recipe.discriminator['kind']}' shows no layers to match"
        remedy = "--set adversarial.feature_matching=0, or --set discriminator.kind=patch"
        raise UsageError(problem, remedy)


def optimizer_for(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) as the recipe sets it."""
    train = recipe.train
    return torch.optim.AdamW(
        [parameter for parameter in network.parameters() if parameter.requires_grad],
        lr=train.learning_rate,
        betas=train.betas,
        weight_decay=train.weight_decay,
        fused=True,
    )


def build_task(recipe: Recipe) -> PairedTask:
    """Losses and the discriminator's part."""
    data = recipe.data
    defaults = {"scale": data.scale, "operator": data.operator}
    terms = {}
    for name, fields in recipe.losses.items():
        loss, config = losses.build(name, fields, defaults)
        _check_side(name, config, data)
        terms[name] = Term(loss, config.weight, config.stage, config.moved)
    _check_stages(recipe, {term.stage for term in terms.values()})
    adversarial = Adversarial(recipe.adversarial) if recipe.adversarial else None
    return PairedTask(terms, adversarial, conditional=recipe.job == "translate")


def _check_side(name: str, config: LossConfig, data: DataConfig) -> None:
    """The crops are as large as the loss takes them."""
    cut = f"of data.size_out {data.size_out} up to {data.scale - 1} are cut off"
    side = cut if config.moved else f"data.size_out is {data.size_out}"
    if (data.least_out if config.moved else data.size_out) < config.least_side:
        problem = f"losses.{name} takes crops of {config.least_side} pixels and more, and {side}"
        raise UsageError(problem, "a larger data.size_in and data.size_out")


def _check_stages(recipe: Recipe, stages: set[str]) -> None:
    """The generator needs a loss in every part of the run."""
    parts = {"adversarial": "beside the discriminator"} if recipe.adversarial else {}
    if not recipe.adversarial or recipe.adversarial.warmup:
        parts["warmup"] = "without a discriminator"
    for stage, words in parts.items():
        if not stages & {"all", stage}:
            raise UsageError(
                f"no loss acts in the part of the run {words}",
                f"--set losses.NAME.stage=all, or {stage}",
            )


def held_out_crops(recipe: Recipe, validation: list[Decoded]) -> dict[str, Tensor]:
    """Fixed crops of the validation pictures."""
    if not (recipe.adversarial and recipe.adversarial.guard):
        return {}
    side = recipe.data.size_in
    if recipe.job == "translate":  # as what is trained on
        validation = [picture.padded(side) for picture in validation]
    try:
        crops = Crops(validation, side, recipe.train.seed)
    except UsageError as error:
        problem = f"the guard looks at crops of validation pictures, and {error.problem}"
        raise UsageError(problem, error.remedy) from None
    return crops.batch(range(recipe.adversarial.guard.crops))


def build_judge(recipe: Recipe, validation: list[Decoded]) -> LPIPS | None:
    """LPIPS, where the recipe selects by it."""
    if recipe.train.select != "lpips":
        return None
    if all(min(picture.hr.shape[:2]) < SMALLEST_SIDE for picture in validation):
        problem = f"LPIPS takes {SMALLEST_SIDE} pixels a side and more; no validation picture has"
        raise UsageError(f"train.select: {problem} them", "--set train.select=psnr")
    try:
        return LPIPS()
    except MissingWeightsError as error:
        instead = "or --set train.select=psnr"
        raise UsageError(f"train.select: {error.problem}", f"{error.remedy}, {instead}") from None
