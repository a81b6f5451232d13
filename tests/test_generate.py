"""``beyne generate``: the same picture by its seed, whatever else is made; files; near-copies."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import save_pictures
from PIL import Image, ImageSequence
from tiny_generators import tiny_model
from tiny_networks import tiny_model as tiny_network
from typer.testing import CliRunner

import beyne
from beyne.bundle import save
from beyne.cli import app
from beyne.errors import UsageError
from beyne.generation import generate_files
from beyne.generators import GENERATORS, latents
from beyne.images import read
from beyne.predict.sampler import Place, Sampler

pytestmark = pytest.mark.usefixtures("no_published_weights")

LABELS = {"conditioning": {"labels": ["ship", "plane", "field"]}}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A model file without labels."""
    return written(tmp_path_factory.mktemp("plain"), height=32, width=48)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """A model file with three labels."""
    return written(tmp_path_factory.mktemp("labelled"), LABELS, classes=3, height=32, width=32)


def written(folder: Path, words=None, kind="fastgan", **fields) -> Path:
    model = tiny_model(kind, "mine", words, **fields)
    save(folder / "mine.safetensors", model.card, model.network)
    return folder / "mine.safetensors"


def generate(*words, code=0):
    result = CliRunner().invoke(app, ["generate", *map(str, words)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


@pytest.mark.parametrize("kind", GENERATORS)
def test_a_picture_is_its_seed_and_label_to_the_bit(kind) -> None:
    sampler = Sampler(tiny_model(kind, words=LABELS, classes=3, height=32, width=32))
    alone = sampler.image(5, "plane")
    many = [sampler.image(seed, label) for seed in (4, 5, 6) for label in ("ship", "plane")]
    assert torch.equal(many[3], alone)
    assert torch.equal(sampler.image(4), sampler.image(4, "plane"))  # its turn
    network, label = sampler._network, torch.tensor([1])
    assert torch.allclose(alone, network(latents(5, [0], 8), label), atol=1e-6)
    assert (alone - sampler.image(5, "ship")).abs().mean() > 1e-4
    assert (alone - sampler.image(6, "plane")).abs().mean() > 1e-4


def test_files_are_named_by_seed_and_any_can_be_made_again(labelled, tmp_path) -> None:
    out = tmp_path / "new" / "out"
    result = generate("--model", labelled, "-n", 5, "--seed", 7, "-o", out)
    names = [f"{seed:06d}.png" for seed in range(7, 12)]
    assert result.stdout.splitlines() == [str(out / name) for name in names]
    assert "5 done; mine on cpu" in result.stderr
    with (out / "manifest.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["file"], row["seed"]) for row in rows] == [
        (name, str(seed)) for seed, name in enumerate(names, start=7)
    ]
    assert [row["label"] for row in rows] == ["plane", "field", "ship", "plane", "field"]
    words = ["--seed", 10, "-n", 1, "--label", rows[3]["label"]]
    generate("--model", labelled, *words, "-o", tmp_path / "again")
    again, first = (beyne.read(f / "000010.png").pixels for f in (tmp_path / "again", out))
    assert np.array_equal(again, first)
    (api,) = beyne.generate(labelled, 1, "plane", 10)
    assert np.array_equal(api.pixels, first)


def test_later_calls_add_their_rows(plain, tmp_path) -> None:
    out = tmp_path / "out"
    for seed in (0, 5):
        generate("--model", plain, "-n", 2, "--seed", seed, "-o", out)
    with (out / "manifest.csv").open("a") as stream:
        stream.write(",mine,4,\n" * 2)  # as `beyne augment` notes near-copies that it left out
    words = ["--vary", out / "000000.png", "--overwrite", "-n", 1, "--seed", 6]
    generate("--model", plain, *words, "-o", out)
    with (out / "manifest.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    names = [row["file"] for row in rows]
    assert names == ["000000.png", "000001.png", "000005.png", "", "", "000006.png"]
    assert [(row["base"], row["strength"]) for row in rows] == [("", "")] * 5 + [("0", "0.3")]

    (out / "manifest.csv").write_text("name;age\nAy;3\n")
    refused = generate("--model", plain, "-o", out, "--seed", 9, "--overwrite", code=2)
    assert "manifest.csv is no table of generated pictures" in refused.stderr
    assert not (out / "000009.png").exists()


def test_json_grid_and_walk(plain, tmp_path) -> None:
    words = ["-n", 5, "--grid", "--interpolate", 3, "--json", "-o", tmp_path / "out"]
    document = json.loads(generate("--model", plain, *words).stdout)
    assert list(document) == ["model", "done", "texts", "rejected", "sheets"]
    assert {"seed": 4, "text": None, "label": None}.items() <= document["done"][4].items()
    assert [Path(path).name for path in document["sheets"]] == ["grid.png", "walk.gif", "walk.webp"]
    grid = beyne.read(tmp_path / "out" / "grid.png").pixels
    assert grid.shape == (2 * 36, 3 * 52, 3)
    fifth = beyne.read(tmp_path / "out" / "000004.png").pixels
    assert np.array_equal(grid[36:68, 52:100], fifth)
    for name in ("walk.gif", "walk.webp"):
        with Image.open(tmp_path / "out" / name) as animation:
            frames = [frame.convert("RGB") for frame in ImageSequence.Iterator(animation)]
        assert len(frames) == 3 * 16
        second = beyne.read(tmp_path / "out" / "000001.png").pixels
        assert np.abs(np.asarray(frames[16], float) - second).mean() < 8


def test_enlarged_pictures_are_those_of_upscale(labelled, tmp_path) -> None:
    generate("--model", labelled, "-o", tmp_path / "small", "-n", 2)
    generate("--model", labelled, "-o", tmp_path / "large", "-n", 2, "--upscale", "photo-x4")
    made = read(tmp_path / "large" / "000001.png").pixels
    assert made.shape == (128, 128, 3)
    assert np.array_equal(made, beyne.upscale(tmp_path / "small" / "000001.png").pixels)


def test_an_enlarger_of_other_bands_is_refused_before_the_work(tmp_path) -> None:
    model = written(tmp_path, height=32, width=32, channels=2)
    words = ("--model", model, "-o", tmp_path / "out", "--upscale", "photo-x4")
    assert "bands" in generate(*words, code=2).output
    assert not (tmp_path / "out").exists()


def test_the_walk_keeps_to_the_sphere_and_passes_through_its_stations() -> None:
    sampler = Sampler(tiny_model("fastgan", words=LABELS, classes=3, height=32, width=32))
    places = [Place(3, "ship"), Place(8, "field")]
    frames = list(sampler.walk(places, 4))
    assert len(frames) == 8
    for at, place in zip((0, 4), places, strict=True):
        assert torch.allclose(frames[at], sampler.image(*place), atol=1e-6)
    z, other = latents(3, [0], 8)[0].double(), latents(8, [0], 8)[0].double()
    angle = math.acos(float(z @ other / z.norm() / other.norm()))
    half = (z + other) / (2 * math.cos(angle / 2))  # sin(θ/2)/sin θ = 1 / (2 cos(θ/2))
    network = sampler._network
    label = network.labels(torch.tensor([0, 2])).mean(0)
    assert torch.allclose(frames[2], network((half + label)[None].float()), atol=1e-5)


@pytest.mark.parametrize(
    ("channels", "bits", "suffix", "dtype"),
    [(1, 8, "png", "uint8"), (3, 16, "png", "uint16"), (5, 8, "tiff", "uint8")],
)
def test_bands_and_depths(channels, bits, suffix, dtype, tmp_path) -> None:
    model = written(tmp_path, {"bits": bits}, channels=channels, height=32, width=32)
    generate("--model", model, "-n", 2, "--grid", "--interpolate", 2, "-o", tmp_path / "out")
    raster = beyne.read(tmp_path / "out" / f"000001.{suffix}")
    assert (raster.channels, raster.pixels.dtype) == (channels, dtype)
    image = Sampler(beyne.bundle.load(model)).image(1)[0].permute(1, 2, 0).numpy()
    assert np.abs(raster.pixels / raster.white - image).max() <= 0.51 / raster.white


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-n", 0], "-n 0: not a number from 1 to 1000000; -n 16"),
        (["-n", 10**7], "-n 10000000: not a number from 1 to 1000000"),
        (["--seed", -1], "--seed -1: not a number from 0"),
        (["--seed", 2**63], f"--seed {2**63}: not a number from 0"),
        (["--label", "shop"], "mine knows no label 'shop'; did you mean 'ship'?"),
        (["--interpolate", 17], "--interpolate 17: a walk goes through 2 to 100 pictures"),
        (["--interpolate", 1], "--interpolate 1: a walk"),
        (["--reject-copies"], "--reject-copies and --data go together"),
        (["--data", "."], "--reject-copies and --data go together"),
        (["--reject-copies", "--data", "none"], "none is not a folder"),
        (["--device", "abacus"], "there is no device 'abacus'"),
    ],
)
def test_wrong_calls_write_nothing(labelled, words, message, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = generate("--model", labelled, *words, "-o", "out", code=2)
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.rglob("*.*"))


def test_folders_that_can_not_take_them(plain, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        assert "can't be made" in generate("--model", plain, "-o", folder, code=2).stderr
    out = tmp_path / "out"
    generate("--model", plain, "-n", 2, "-o", out)
    assert "000000.png exists" in generate("--model", plain, "-o", out, code=2).stderr
    (out / "000000.png").unlink()
    (out / "manifest.csv").unlink()
    assert "000001.png exists" in generate("--model", plain, "-o", out, code=2).stderr
    assert not (out / "000000.png").exists()
    generate("--model", plain, "-n", 2, "-o", out, "--overwrite")
    words = ["--reject-copies", "--data", tmp_path, "-o", out]
    refused = generate("--model", plain, *words, code=2).stderr
    assert "lies in the folder of the training pictures" in refused


def test_a_model_does_its_own_job_only(plain, tmp_path) -> None:
    model = tiny_network("compact")
    save(tmp_path / "e.safetensors", model.card, model.network)
    words = ["--model", tmp_path / "e.safetensors", "-o", tmp_path / "out"]
    result = generate(*words, code=2)
    assert "tiny is a model to upscale pictures, not to generate them; beyne up" in result.stderr
    save_pictures(tmp_path / "in", 1, 16)
    for command in ("upscale", "translate"):
        line = [command, str(tmp_path / "in"), "--model", str(plain), "-o", str(tmp_path / "x/")]
        result = CliRunner().invoke(app, line)
        assert result.exit_code == 2
        expected = f"a model to generate pictures, not to {command} them; beyne generate --model"
        assert expected in result.stderr
    with pytest.raises(UsageError, match="not to upscale them"):
        beyne.load(plain).upscale(tmp_path / "in" / "p0.png")
    with pytest.raises(UsageError, match="not to generate them"):
        beyne.generate(tmp_path / "e.safetensors")


def test_interrupted_it_leaves_whole_files_only(plain, tmp_path) -> None:
    def third(picture) -> None:
        if picture.seed == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_files(plain, tmp_path / "out", 8, made=third)
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == ["000000.png", "000001.png", "000002.png"]


@pytest.fixture(scope="module")
def data(plain, tmp_path_factory):
    """Training pictures are what the generator paints for seeds 2 and 3, mirrored, and others."""
    folder = tmp_path_factory.mktemp("data")
    for part, seeds in (("train", (2, 3, 50, 51)), ("val", (60, 61, 62))):
        for seed in seeds:
            (raster,) = beyne.generate(plain, 1, seed=seed)
            mirrored = raster.with_pixels(np.ascontiguousarray(raster.pixels[:, ::-1]))
            beyne.save(mirrored, folder / part / f"{seed}.png")
    return folder


def test_near_copies_are_drawn_again(plain, data, tmp_path) -> None:
    words = ["-n", 3, "--seed", 1, "--reject-copies", "--data", data, "-o", tmp_path / "out"]
    result = generate("--model", plain, *words, "--json")
    document = json.loads(result.stdout)
    assert {2, 3} <= set(document["rejected"])
    assert len(document["done"]) == 3
    assert all(picture["nearness"] > 0.3 for picture in document["done"])
    assert f"{len(document['rejected'])} near-copies drawn again" in result.stderr


def test_it_gives_up_on_a_copier(plain, data, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("beyne.generation._TRIES", 2)
    words = ["-n", 1, "--seed", 2, "--reject-copies", "--data", data, "-o", tmp_path / "out"]
    result = generate("--model", plain, *words, code=1)
    assert "2 of 2 pictures were near-copies, 0 of 1 were kept; train another" in result.stderr
    assert not any((tmp_path / "out").iterdir())
