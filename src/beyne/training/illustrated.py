"""Noise and text → image in training: what `beyne.training.setup` needs of it."""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from beyne import text
from beyne.data import Caption, Pair, Wholes, class_of, read_captions
from beyne.data.split import SplitName
from beyne.errors import UsageError
from beyne.recipe import Recipe
from beyne.tasks import GeneratedTask
from beyne.text import SubwordEncoder, TextEncoder
from beyne.text.encoder import checked
from beyne.training import generated
from beyne.training.matching import learn, misspelt
from beyne.training.material import Material
from beyne.training.reading import learn_doubt, learn_labels
from beyne.training.resolve import fields_of
from beyne.training.samples import GeneratedExaminer

_MISSPELT = 4  # versions of each caption, beside itself
_FEWEST = 3  # pictures of the val split whose captions stand for all


@dataclass(frozen=True)
class Illustrated:
    """Training from the captions in ``table``."""

    table: Path

    @cached_property
    def captions(self) -> Mapping[str, list[Caption]]:
        """Of each picture, by its file."""
        found = defaultdict(list)
        for caption in read_captions(self.table):
            label = caption.label or class_of(caption.file) or caption.file
            found[caption.file].append(replace(caption, label=label))
        return found

    def fitted(self, recipe: Recipe, pairs: Sequence[Pair]) -> Recipe:
        """As `generated.fitted`, with the width of the texts' vectors; errors as there."""
        assert recipe.text
        fields = recipe.text
        data = recipe.data.model_copy(update={"classes": ()})
        recipe = recipe.model_copy(update={"data": data})
        if not self._told(pairs):
            problem = f"{self.table} names none of the training pictures"
            raise UsageError(problem, "name files as in the data folder, such as rice/1.png")
        captions = [caption for pair in self._told(pairs) for caption in self.captions[pair.name]]
        labels = sorted({caption.label for caption in captions})
        if fields.get("kind") == "label":
            fields = {"labels": labels} | fields
        if fields.get("kind") == "subword":
            named = all(caption.label != caption.file for caption in captions)
            fields = fields | {"labels": labels if named and len(labels) > 1 else []}
        width = text.configured(fields.get("kind", ""), fields_of(fields)).width
        recipe = generated.fitted(recipe, pairs)
        given = {"generator": recipe.generator | {"text": width}, "text": fields}
        return recipe.model_copy(update=given)

    def material(self, recipe: Recipe, parts: Mapping[SplitName, list[Pair]]) -> Material:
        """As `generated.material`, with an encoder that has learned, and texts beside the pictures.

        Raises:
            UsageError: As there; or a caption is of a kind that the encoder refuses.
        """
        train = self._told(parts["train"])
        made = generated.material(recipe, {**parts, "train": train})
        pictures = made.batches
        assert isinstance(pictures, Wholes)
        encoder = self._encoder(recipe, train, pictures.all())
        looked_at = self._told(parts["val"])
        if len(looked_at) < _FEWEST:
            looked_at = train
        asked = encoder.encode(_said(encoder, self._in_turn(looked_at)))  # refuses strange ones
        if isinstance(encoder, SubwordEncoder) and encoder.reader:
            told = [self.captions[pair.name] for pair in looked_at]
            learn_doubt(encoder, [text for found in told for text in _versions(found, 0)])
        examiner, task = made.examiner, made.task
        assert isinstance(examiner, GeneratedExaminer)
        assert isinstance(task, GeneratedTask)
        examiner.asked = asked
        examiner.rows = encoder.encode(_said(encoder, self._one_a_label(train)))
        without = len(parts["train"]) - len(train)
        note = f"{without} training pictures without captions in {self.table} are left out"
        return replace(
            made,
            batches=self._batches(recipe, train, pictures, encoder),
            task=replace(task, labelled=True),
            words=made.words | {"conditioning": {"text": recipe.text}},
            notes=[*made.notes, *([note] if without else [])],
            encoder=encoder,
            facts={"captions": hashlib.sha256(self.table.read_bytes()).hexdigest()[:16]},
        )

    def _told(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Those that have captions."""
        return [pair for pair in pairs if pair.name in self.captions]

    def _encoder(self, recipe: Recipe, pairs: Sequence[Pair], images: Tensor) -> TextEncoder:
        """Built as the recipe says, and taught if it is to learn."""
        assert recipe.text
        seed = recipe.train.seed
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            encoder = text.build(recipe.text["kind"], fields_of(recipe.text))
        if isinstance(encoder, SubwordEncoder):
            self._teach(encoder, pairs, images, seed)
        return encoder.eval().requires_grad_(False)

    def _teach(
        self, encoder: SubwordEncoder, pairs: Sequence[Pair], images: Tensor, seed: int
    ) -> None:
        captions = [self.captions[pair.name] for pair in pairs]
        versions = [_versions(found, seed) for found in captions]
        texts = [text for found in versions for text in found]
        of = [number for number, found in enumerate(versions) for _ in found]
        encoder.learn_pieces([checked(c.text) for found in captions for c in found])
        names = encoder.config.labels
        labels = [names.index(found[0].label) if names else 0 for found in captions]
        if encoder.reader:
            learn_labels(encoder, texts, [labels[number] for number in of])
        learn(encoder, texts, of, images, labels, seed)

    def _batches(
        self, recipe: Recipe, pairs: Sequence[Pair], pictures: Wholes, encoder: TextEncoder
    ) -> Captioned:
        captions = [self.captions[pair.name] for pair in pairs]
        if isinstance(encoder, SubwordEncoder):
            said = [_versions(found, recipe.train.seed) for found in captions]
        else:
            said = [_said(encoder, found) for found in captions]
        labels = [found[0].label for found in captions]
        drawn = _evenly(labels)
        repeated = [pictures.pictures[number] for number in drawn]
        numbered = Wholes(repeated, drawn, recipe.train.seed, recipe.data.views)
        data = recipe.data
        return Captioned(
            numbered,
            [encoder.encode(texts) for texts in said],
            labels,
            data.caption_dropout,
            data.caption_mixing,
        )

    def _in_turn(self, pairs: Sequence[Pair]) -> list[Caption]:
        """The first caption of each picture, then the second of each …"""
        found = [self.captions[pair.name] for pair in pairs]
        most = max(map(len, found))
        return [texts[turn] for turn in range(most) for texts in found if turn < len(texts)]

    def _one_a_label(self, pairs: Sequence[Pair]) -> list[Caption]:
        """A caption of each label, of another language than the one before if there is one."""
        chosen: list[Caption] = []
        captions = [caption for pair in pairs for caption in self.captions[pair.name]]
        for label in sorted({caption.label for caption in captions}):
            of_it = [caption for caption in captions if caption.label == label]
            used = [caption.lang for caption in chosen]
            chosen.append(min(of_it, key=lambda caption: used.count(caption.lang)))
        return chosen


class Captioned:
    """Whole pictures, the vector of a text of each, and that of a text of another class.

    With all of it fixed by the seed and the picture's number, see `beyne.data.Wholes`.

    Args:
        pictures: Labelled by their own numbers.
        vectors: Of each picture, ``(texts, width)``.
        labels: Of each picture.
        dropout: Share of pictures that get the zero vector: no text.
        mixing: Share of pictures that get a vector between those of two texts of the class, so
            that what is between is learned, too (Reed et al. 2016, arXiv 1605.05396, section 4.3).
    """

    def __init__(
        self,
        pictures: Wholes,
        vectors: Sequence[Tensor],
        labels: Sequence[str],
        dropout: float,
        mixing: float,
    ) -> None:
        self.pictures, self.vectors, self.labels = pictures, vectors, labels
        self.dropout, self.mixing = dropout, mixing
        everything = range(len(labels))
        self.alike = {n: [o for o in everything if labels[o] == labels[n]] for n in everything}
        self.others = {n: [o for o in everything if labels[o] != labels[n]] for n in everything}

    def batch(self, numbers: range) -> dict[str, Tensor]:
        """``image`` ``(N, C, height, width)`` in [0, 1], ``label`` and ``wrong`` ``(N, width)``.

        ``wrong`` is missing where all pictures are of one class.
        """
        batch = self.pictures.batch(numbers)
        drawn = [
            self._drawn(np.random.Generator(np.random.Philox(key=[self.pictures.seed, ~number])), n)
            for number, n in zip(numbers, batch["label"].tolist(), strict=True)
        ]
        texts = {"label": torch.stack([right for right, _ in drawn])}
        if all(self.others.values()):
            texts["wrong"] = torch.stack([wrong for _, wrong in drawn])
        return batch | texts

    def _drawn(self, chance: np.random.Generator, picture: int) -> tuple[Tensor, Tensor]:
        dropped, mixed, share = chance.random(3)
        right = self._one(chance, [picture])
        other = self._one(chance, self.alike[picture])
        wrong = self._one(chance, self.others[picture] or [picture])
        if mixed < self.mixing:
            right = right.lerp(other, share)
        return (torch.zeros_like(right) if dropped < self.dropout else right), wrong

    def _one(self, chance: np.random.Generator, pictures: Sequence[int]) -> Tensor:
        """A text's vector of one of the pictures."""
        texts = self.vectors[pictures[int(chance.integers(len(pictures)))]]
        return texts[int(chance.integers(len(texts)))]


def _versions(captions: Sequence[Caption], seed: int) -> list[str]:
    """Their texts, and each some times misspelt."""
    chance = random.Random(seed)
    texts = [caption.text for caption in captions]
    return texts + [misspelt(each, chance) for each in texts for _ in range(_MISSPELT)]


def _evenly(labels: Sequence[str]) -> list[int]:
    """Number of each picture, so often that about as many are of every label."""
    counts = Counter(labels)
    most = max(counts.values())
    return [n for n, label in enumerate(labels) for _ in range(round(most / counts[label]))]


def _said(encoder: TextEncoder, captions: Sequence[Caption]) -> list[str]:
    """What the encoder is given of captions."""
    return [caption.label if encoder.by_label else caption.text for caption in captions]
