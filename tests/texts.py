"""Pictures of two colours with captions in two languages, and tiny models that take texts."""

from __future__ import annotations

from pathlib import Path

import torch
from pictures import picture
from tiny_generators import tiny

import beyne
from beyne.bundle import ModelCard, card_for, save
from beyne.images import Raster
from beyne.text import TextEncoder, build

LANGUAGES = "en", "kk"
TEXTS = {
    "rice": {"en": "a grain of rice", "kk": "күріш дәні"},
    "wheat": {"en": "a ripe ear of wheat", "kk": "бидай масағы"},
}
_TINTS = {"rice": (1.0, 0.3, 0.3), "wheat": (0.3, 1.0, 0.3)}


def write_data(folder: Path, train: int = 8, held_out: int = 6) -> Path:
    """So many pictures of each class, 32 pixels a side, in ``train`` and ``val``."""
    lines, number = ["file,text,lang,label"], 0
    for part, count in (("train", train), ("val", held_out)):
        for label, texts in TEXTS.items():
            for _ in range(count):
                name = f"{part}/{label}/{number:02d}.png"
                pixels = (picture(32, 32, seed=number) * _TINTS[label]).astype("uint8")
                beyne.save(Raster(pixels), folder / name)
                lines += [f"{name},{text},{lang},{label}" for lang, text in texts.items()]
                number += 1
    (folder / "captions.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def card_of(encoder: TextEncoder | None = None, name: str = "mine", kind: str = "subword"):
    """Of a tiny generator that takes the encoder's vectors."""
    return _made(encoder or subword(), name, kind)[0]


def subword(languages: tuple[str, ...] = LANGUAGES) -> TextEncoder:
    """With random weights, for the texts of some languages."""
    torch.manual_seed(0)
    encoder = build("subword", {"size": 8, "buckets": 512})
    torch.nn.init.normal_(encoder.embed.weight[1:])
    encoder.learn_pieces([said[lang] for said in TEXTS.values() for lang in languages])
    return encoder.eval()


def save_model(path: Path, languages: tuple[str, ...] = LANGUAGES) -> Path:
    """A tiny model that knows the texts of some languages."""
    return _saved(path, subword(languages), "subword")


def by_label(path: Path) -> Path:
    """A tiny model that is told labels."""
    return _saved(path, build("label", {"labels": sorted(TEXTS)}), "label")


def _saved(path: Path, encoder: TextEncoder, kind: str) -> Path:
    card, network = _made(encoder, path.stem, kind)
    save(path, card, network, encoder=encoder)
    return path


def _made(encoder: TextEncoder, name: str, kind: str) -> tuple[ModelCard, torch.nn.Module]:
    network = tiny("fastgan", height=32, width=32, text=encoder.config.width)
    text = {"kind": kind, **encoder.config.model_dump(mode="json")}
    card = card_for(network, name, job="illustrate", conditioning={"text": text})
    return card, network.requires_grad_(False)
