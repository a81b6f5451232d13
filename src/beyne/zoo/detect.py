"""Which network a set of weights belongs to, and its sizes, from tensor names and shapes alone.

What shapes can't show is taken as published: the enlarged input added by compact networks is the
nearest-neighbour one, SPAN centres the colours by the DIV2K mean and counts to 255, SRResNet has
no final tanh, channels out equal channels in unless the last layer says otherwise, and a single
RRDB step is ×2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]
Fields = dict[str, Any]

_DIV2K_MEAN = (0.4488, 0.4371, 0.4040)


def detect(shapes: Shapes) -> tuple[str, Fields] | None:
    """Kind and fields of the network with tensors of these ``shapes``; None if none is known.

    The fields are a reading, not a proof: build the network and compare its tensors.
    """
    for kind, (marks, fields_of) in KINDS.items():
        if all(mark in shapes for mark in marks):
            try:
                return kind, fields_of(shapes)
            except (KeyError, IndexError, ValueError, ZeroDivisionError):
                continue
    return None


def _compact(shapes: Shapes) -> Fields:
    features, channels = shapes["body.0.weight"][:2]
    last = _count(shapes, r"body\.(\d+)\.weight") - 1
    return {
        "channels_in": channels,
        "channels_out": channels,
        "scale": _shuffle_factor(shapes[f"body.{last}.weight"][0], channels),
        "features": features,
        "convolutions": last // 2 - 1,
        "image_skip": "nearest",
    }


def _rrdb(shapes: Shapes) -> Fields:
    features, channels_in = shapes["conv_first.weight"][:2]
    channels_out = shapes["conv_last.weight"][0]
    enlargement = 2 ** sum(f"conv_up{step}.weight" in shapes for step in (1, 2, 3))
    # Real-ESRGAN's smaller scales keep two steps and fold pixels of the input into channels.
    folds = (fold for fold in (2, 4) if channels_in == channels_out * fold**2)
    unshuffle = next((fold for fold in folds if enlargement % fold == 0), 1)
    return {
        "channels_in": channels_in // unshuffle**2,
        "channels_out": channels_out,
        "scale": enlargement // unshuffle,
        "features": features,
        "blocks": _count(shapes, r"body\.(\d+)\.rdb1\.conv1\.weight"),
        "growth": shapes["body.0.rdb1.conv1.weight"][0],
        "unshuffle": unshuffle,
    }


def _span(shapes: Shapes) -> Fields:
    features, channels = shapes["conv_1.eval_conv.weight"][:2]
    features_last = shapes["conv_cat.weight"][0]
    published = channels == len(_DIV2K_MEAN)
    return {
        "channels_in": channels,
        "channels_out": channels,
        "scale": _shuffle_factor(shapes["upsampler.0.weight"][0], channels),
        "features": features,
        "blocks": _count(shapes, r"block_(\d+)\.c1_r\.eval_conv\.weight") - 1,
        "features_last": None if features_last == features else features_last,
        "mean": _DIV2K_MEAN if published else (),
        "gain": 255.0 if published else 1.0,
    }


def _srresnet(shapes: Shapes) -> Fields:
    features, channels_in, end_kernel = shapes["conv_block1.0.weight"][:3]
    step = r"upsampling\.(\d+)\.upsample_block\.0\.weight"
    steps = [shapes[name][0] for name in shapes if re.fullmatch(step, name)]
    return {
        "channels_in": channels_in,
        "channels_out": shapes["conv_block3.weight"][0],
        "scale": math.prod(_shuffle_factor(channels, features) for channels in steps),
        "features": features,
        "blocks": _count(shapes, r"trunk\.(\d+)\.rcb\.0\.weight"),
        "end_kernel": end_kernel,
    }


def _count(shapes: Shapes, pattern: str) -> int:
    """One more than the highest number in the names that match.

    Raises:
        ValueError: It is higher than there are tensors, so that no network could have them.
    """
    numbers = (int(match[1]) for name in shapes if (match := re.fullmatch(pattern, name)))
    count = max(numbers, default=-1) + 1
    if count > 2 * len(shapes):  # of compact's layers, those between have one tensor or none
        raise ValueError(f"{count} of {pattern}")
    return count


def _shuffle_factor(channels: int, channels_out: int) -> int:
    """The pixel shuffle that makes ``channels_out`` of ``channels``."""
    return math.isqrt(channels // channels_out)


#: Kind → tensors that only it has together, and the reading of its sizes.
KINDS: dict[str, tuple[tuple[str, ...], Callable[[Shapes], Fields]]] = {
    "rrdb": (("conv_first.weight", "body.0.rdb1.conv1.weight", "conv_last.weight"), _rrdb),
    "span": (("conv_1.eval_conv.weight", "conv_cat.weight"), _span),
    "srresnet": (("conv_block1.0.weight", "conv_block3.weight"), _srresnet),
    "compact": (("body.0.weight",), _compact),
}
