"""Translation: pairs in every layout, training against a conditional discriminator, and use."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import picture, save_pictures
from PIL import Image
from tiny_networks import tiny, tiny_model
from typer.testing import CliRunner

import beyne
from beyne import bundle
from beyne.cli import app
from beyne.data import Crops, Decoded, Sources, decode, find_held_out, find_pairs, find_unpaired
from beyne.discriminators import build
from beyne.errors import UsageError
from beyne.images import Raster
from beyne.losses.pixel import PixelLoss, PixelLossConfig
from beyne.recipe import load_recipe
from beyne.tasks import Adversarial, PairedTask, Term
from beyne.tasks.adversarial import AdversarialConfig, Moment
from beyne.training import train
from beyne.training.loop import Listener, Loop
from beyne.training.setup import prepare

TRANSLATE = Sources(job="translate")
SMALL = [
    *("data.size_in=32", "data.size_out=32", "discriminator.features=4", "discriminator.layers=1"),
    *("train.images=64", "train.batch=4", "train.save_every=32", "train.log_every=8"),
    *("train.preview_every=64", "train.precision=fp32"),
]
TINY = {
    "pix2pix": ["generator.levels=3", "generator.features=8"],
    "pix2pix-small": ["generator.levels=3", "generator.features=8"],
}


def save_pairs(folder: Path, count: int = 5, side: int = 40) -> Path:
    """Masks ``a/0L.bmp`` … of one bit, and pictures ``b/0L.png`` … that follow them."""
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for index in range(count):
        for eye in "LR":
            colours = picture(side, side + 8, seed=index)
            mask = colours[..., 1] > 110
            Image.fromarray(mask).save(folder / "a" / f"{index}{eye}.bmp")
            shown = np.where(mask[..., None], [200, 90, 40], [30, 60, 20]).astype(np.uint8)
            Image.fromarray(shown).save(folder / "b" / f"{index}{eye}.png")
    return folder


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return save_pairs(tmp_path / "data")


def recipe_for(name: str = "pix2pix-small", *settings: str):
    return load_recipe(name, [*SMALL, *TINY[name], *settings])


def names(pairs) -> list[tuple[str, str]]:
    return [(pair.lr.name, pair.hr.name) for pair in pairs]


def test_pairs_are_found_in_every_layout(data) -> None:
    parts = find_pairs(data, TRANSLATE, 0)
    assert {len(pair.name.split("/")) for pair in parts["train"]} == {2}
    children = {split: {pair.name[2] for pair in pairs} for split, pairs in parts.items()}
    assert not children["train"] & children["val"]  # both eyes of a child stay together
    assert ("0L.bmp", "0L.png") in names(find_held_out(data, sources=TRANSLATE)[1])

    named = Sources(job="translate", a=Path("masks"), b=Path("photos"))
    elsewhere = data.parent / "elsewhere"
    for split in ("train", "val"):
        save_pairs(elsewhere / split, 2)
        (elsewhere / split / "a").rename(elsewhere / split / "masks")
        (elsewhere / split / "b").rename(elsewhere / split / "photos")
    found = find_pairs(elsewhere, named, 0)
    assert (len(found["train"]), len(found["val"])) == (4, 4)
    with pytest.raises(UsageError, match=r"neither folders a and b nor pairs.csv; --set data.a"):
        find_pairs(elsewhere, TRANSLATE, 0)

    with (elsewhere / "pairs.csv").open("w") as stream:
        rows = [["train/masks/0L.bmp", "train/photos/1L.png"], ["val\\masks\\0L.bmp"] * 2]
        csv.writer(stream).writerows([["a", "b"], *rows])
    listed = find_pairs(elsewhere, TRANSLATE, 0)
    assert names(listed["train"]) == [("0L.bmp", "1L.png")]
    assert names(listed["val"]) == [("0L.bmp", "0L.bmp")]
    (elsewhere / "pairs.csv").write_text("a,b\ntrain/masks/0L.bmp,nothing.png\n")
    with pytest.raises(UsageError, match=r"pairs.csv, line 2: nothing.png is not there"):
        find_pairs(elsewhere, TRANSLATE, 0)


def test_two_pictures_of_one_name_are_refused(data) -> None:
    Image.fromarray(picture(40, 48, 1)[..., 0]).save(data / "a" / "0L.jpg")
    refusal = r"a/0L\.bmp and .*a/0L\.jpg have one name, and partners are told by it; keep one"
    for find in (lambda: find_pairs(data, TRANSLATE, 0), lambda: find_unpaired(data, TRANSLATE)):
        with pytest.raises(UsageError, match=refusal):
            find()
    with pytest.raises(UsageError, match=refusal):
        beyne.evaluate("median", data)
    doubtful = [one for one in beyne.check(data).findings if one.severity != "info"]
    assert (doubtful[0].kind, doubtful[0].severity) == ("name-clash", "error")
    assert doubtful[0].files == ("a/0L.bmp", "a/0L.jpg")
    assert not {one.kind for one in doubtful} & {"partner-missing", "misnamed", "wrong-partner"}


def test_halves_of_one_picture_are_a_pair(tmp_path) -> None:
    pixels = picture(20, 31)
    (tmp_path / "data").mkdir()
    Image.fromarray(pixels).save(tmp_path / "data" / "p.png")
    sources = Sources(job="translate", layout="side-by-side")
    (pair,) = find_pairs(tmp_path / "data", sources, 0)["train"]
    found = decode(pair, 1, None, "bicubic")
    assert np.array_equal(found.lr, pixels[:, :15])
    assert np.array_equal(found.hr, pixels[:, 16:])


def test_small_pictures_are_mirrored_at_their_borders() -> None:
    pixels = picture(5, 9)
    padded = Decoded("p", pixels, pixels[..., :1]).padded(16)
    assert padded.hr.shape == (16, 16, 3)
    assert padded.lr.shape == (16, 16, 1)
    assert np.array_equal(padded.hr[5:10, :9], pixels[::-1])
    assert Decoded("p", pixels, pixels).padded(4).hr.shape == (5, 9, 3)


@pytest.mark.parametrize(("views", "ways"), [("all", 8), ("mirrored", 2), ("upright", 1)])
def test_crops_are_shown_as_asked_for(views, ways) -> None:
    pixels = picture(8, 8)
    batch = Crops([Decoded("p", pixels, pixels)], 8, 0, views).batch(range(200))
    assert len(torch.unique(batch["hr"], dim=0)) == ways
    assert torch.equal(batch["hr"], batch["lr"])


def task_for(**fields) -> PairedTask:
    terms = {"content": Term(PixelLoss(PixelLossConfig()), 1.0)}
    return PairedTask(terms, Adversarial(AdversarialConfig(weight=1, **fields)), conditional=True)


def test_the_discriminator_sees_the_input() -> None:
    judge = build("patch", {"channels": 4, "features": 4, "norm": "none", "layers": 1}).eval()
    nets = {"generator": tiny("unet", channels_in=1), "discriminator": judge}
    first, other = torch.rand(2, 2, 1, 16, 16)
    hr = torch.rand(2, 3, 16, 16)
    task = task_for()
    one, two = (
        task.terms("discriminator", nets, {"lr": lr, "hr": hr}, Moment()) for lr in (first, other)
    )
    assert one["discriminator"] != two["discriminator"]
    expected = judge(torch.cat([first, hr], 1))
    assert torch.equal(judge(task.shown({"lr": first}, hr)), expected)


def test_equal_images_match_in_every_feature() -> None:
    """Since real and generated ones are augmented alike."""
    judge = build("patch", {"channels": 6, "features": 4, "layers": 1}).eval()
    task = task_for(feature_matching=10, augment={})
    nets = {"generator": torch.nn.Identity(), "discriminator": judge}
    hr = torch.rand(2, 3, 16, 16)
    alike = task.terms("generator", nets, {"lr": hr, "hr": hr}, Moment())
    apart = task.terms("generator", nets, {"lr": hr, "hr": hr.flip(3)}, Moment())
    assert alike["feature_matching"] == 0 < apart["feature_matching"]


def test_feature_matching_wants_layers(data) -> None:
    recipe = recipe_for("pix2pix-small", "discriminator={kind='unet',features=4}")
    with pytest.raises(UsageError, match="'unet' shows no layers to match; --set adversarial"):
        prepare(recipe, data, Path("run"))


@pytest.mark.parametrize("name", TINY)
def test_overfits_four_pairs(name, tmp_path) -> None:
    data = save_pairs(tmp_path / "data", 2, side=32)
    rows = [f"a/{i}{eye}.bmp,,train" for i in range(2) for eye in "LR"]
    (data / "split.csv").write_text("\n".join(["file,group,split", *rows]))
    longer = ["train.images=200", "train.learning_rate=4e-3"]
    longer += [f"train.{what}=200" for what in ("save_every", "log_every", "preview_every")]
    assert train(recipe_for(name, *longer, "train.batch=2"), data, tmp_path / "run")
    card = bundle.read_card(tmp_path / "run" / "best.safetensors")
    assert (card.job, card.side, card.channels_in, card.channels_out) == ("translate", 32, 1, 3)
    assert card.scores[0]["mae"] / 255 < 0.05


@pytest.mark.parametrize("name", TINY)
def test_killed_run_ends_as_if_never_stopped(name, data) -> None:
    """With dropout, augmentation, feature matching and running statistics."""

    def loop(run: str, heard=None) -> Loop:
        return Loop(prepare(recipe_for(name, "train.images=48"), data, Path(run)), Path(run), heard)

    def stop(seen: int, total: int, values: dict[str, float]) -> None:
        if seen == 44:
            raise InterruptedError

    assert loop("whole").fit()
    with pytest.raises(InterruptedError):
        loop("killed", Listener(progress=stop)).fit()
    assert loop("killed").fit()
    for file in ("best.safetensors", "last.safetensors", "stats.jsonl"):
        assert (Path("whole") / file).read_bytes() == (Path("killed") / file).read_bytes(), file


def test_start_from_a_run_and_from_a_model(data) -> None:
    short = ("train.images=8", "train.save_every=8")
    assert train(recipe_for("pix2pix", *short), data, Path("first"))
    kept = torch.load("first/state/state.pt", weights_only=True)["average"]
    for start in ("first", "first/last.safetensors"):
        setup = prepare(recipe_for("pix2pix", f"train.start={start}"), data, Path("none"))
        assert f"of {start}" in setup.notes[-1]
        for key, tensor in kept.items():
            assert torch.equal(setup.state.average.state_dict()[key], tensor)


def test_pictures_without_a_partner_are_left_out_and_said_so(data) -> None:
    save_pictures(data / "b", 2)
    setup = prepare(recipe_for(), data, Path("run"))
    assert len(setup.split) == 10
    assert "2 pictures without a partner are left out" in setup.notes[0]
    for path in (data / "a").iterdir():
        path.rename(path.with_stem(f"other{path.stem}"))
    with pytest.raises(UsageError, match="has a partner of its name"):
        prepare(recipe_for(), data, Path("run"))


def test_sides_of_different_sizes_are_named(data) -> None:
    save_pictures(data / "a", 1, side=20)
    save_pictures(data / "b", 1, side=40)
    setup = prepare(recipe_for(), data, Path("run"))  # whole pictures, resampled
    assert {picture.lr.shape[:2] for picture in setup.batches.pictures} == {(32, 32)}
    with pytest.raises(UsageError, match=r"20×20 and 40×40 are not 1 : 1; bring them"):
        prepare(recipe_for("pix2pix-small", 'data.cut="crops"'), data, Path("run"))


def test_bands_and_depths_of_all_kinds(tmp_path) -> None:
    """16-bit grey to 5 bands of floats, not square, smaller than a crop."""
    for index in range(3):
        pixels = picture(24, 45, 5, seed=index)
        grey = pixels[..., :1].astype(np.uint16) * 200
        for name, side in (("a", grey), ("b", pixels.astype(np.float32) / 255)):
            (tmp_path / "data" / name).mkdir(parents=True, exist_ok=True)
            beyne.save(Raster(side), tmp_path / "data" / name / f"{index}.tif")
    crops = ["data.cut=crops", "data.views=all", "train.images=8", "train.save_every=8"]
    assert train(recipe_for("pix2pix-small", *crops), tmp_path / "data", tmp_path / "run")
    model = beyne.load(tmp_path / "run" / "last.safetensors")
    assert (model.card.channels_in, model.card.channels_out, model.card.side) == (1, 5, None)
    made = model.translate(tmp_path / "data" / "a" / "0.tif")
    assert made.pixels.shape == (24, 45, 5)
    assert made.pixels.dtype == np.uint16
    of_bytes = model.translate(picture(24, 45, 1))
    assert of_bytes.pixels.dtype == np.uint16, "learned from deeper pictures"


def square_model(path: Path, **words) -> Path:
    model = tiny_model("resize-unet", channels_in=1)
    card = model.card.model_copy(update={"job": "translate", **words})
    bundle.save(path, card, model.network)
    return path


def test_whole_pictures_are_seen_in_the_size_of_training(tmp_path) -> None:
    pixels = picture(30, 50, 1)
    path = square_model(tmp_path / "model.safetensors", side=16)
    made = beyne.translate(pixels, path, precision="fp32").pixels
    assert made.shape == (30, 50, 3)
    bands = torch.nn.functional.interpolate
    seen = torch.from_numpy(pixels / np.float32(255)).permute(2, 0, 1)[None]
    small = bands(seen, size=(16, 16), mode="bicubic", antialias=True).clamp(0, 1)
    result = bundle.load(path).network(small)
    large = bands(result, size=(30, 50), mode="bicubic", antialias=True)[0].permute(1, 2, 0)
    assert np.abs(made / 255 - large.numpy()).max() < 0.02
    square = picture(16, 16, 1)
    exact = beyne.translate(square, path, precision="fp32").pixels
    plain = square_model(tmp_path / "plain.safetensors")
    assert np.array_equal(exact, beyne.translate(square, plain, precision="fp32").pixels)


def run(*words, code: int = 0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


def test_files_are_translated_and_the_wrong_command_is_refused(data) -> None:
    model = square_model(Path("model.safetensors"))
    document = json.loads(
        run("translate", data / "a", "--model", model, "-o", "out", "--json").stdout
    )
    assert len(document["done"]) == 10
    assert document["done"][0]["output"] == str(Path("out/0L.png"))
    assert beyne.read("out/0L.png").pixels.shape == (40, 48, 3)
    again = run("translate", data / "a", "--model", model, "-o", "out", code=1)
    assert "exists already; --overwrite" in again.stderr
    wrong = run("upscale", data / "a", "--model", model, "-o", "out", code=2)
    assert "is a model to translate pictures, not to upscale them; beyne translate" in wrong.stderr
    wrong = run("translate", data / "b", "--model", "photo-x4", "-o", "out", code=2)
    assert "is a model to upscale pictures, not to translate them; beyne upscale" in wrong.stderr
    with pytest.raises(UsageError, match="not to upscale them"):
        beyne.load(model).upscale(data / "a" / "0L.bmp")
    assert (
        "has 3 bands, and tiny takes 1"
        in run("translate", data / "b", "--model", model, "-o", "other", code=1).stderr
    )


def write_split(path: Path) -> None:
    part = {"0": "test", "1": "val"}
    rows = [f"a/{i}{eye}.bmp,,{part.get(str(i), 'train')}" for i in range(5) for eye in "LR"]
    path.write_text("\n".join(["file,group,split", *rows]))


def test_plain_ways_are_scored_on_all_bands(data) -> None:
    write_split(data / "split.csv")
    scores = beyne.evaluate("median", data)
    assert scores.names == ("a/0L.bmp", "a/0R.bmp")
    assert scores.protocol.startswith("×1; all channels, crop 0, 8-bit rounded")
    shown = [np.asarray(Image.open(data / "b" / f"{i}{e}.png")) for i in (2, 3, 4) for e in "LR"]
    truth = np.asarray(Image.open(data / "b" / "0L.png"))
    expected = np.abs(np.median(shown, axis=0) - truth).mean()
    assert scores.columns["mae"][0] == pytest.approx(expected, abs=0.01)
    copied = beyne.evaluate("copy", data).columns["mae"][0]
    mask = np.asarray(Image.open(data / "a" / "0L.bmp").convert("L"), float)[..., None]
    assert copied == pytest.approx(np.abs(mask - truth).mean(), abs=0.01)
    (data / "split.csv").unlink()
    with pytest.raises(UsageError, match="median needs training pictures"):
        beyne.evaluate("median", data)
    with pytest.raises(UsageError, match="bicubic translates nothing"):
        beyne.evaluate("bicubic", data, settings=["data.a=a", "data.b=b"])


def test_recipes_are_compared_with_plain_ways(data) -> None:
    (data / "a").rename(data / "masks")
    sides = ["data.a=masks", "data.b=b"]
    settings = [*SMALL, *TINY["pix2pix-small"], *sides]
    found = beyne.compare(
        ["pix2pix-small", "median"], data, "out", seeds=1, budget="images=8", settings=settings
    )
    assert [arm.job for arm in found.arms] == ["translate"] * 2
    assert "mae" in found.metrics
    run_folder = Path("out/runs/pix2pix-small-0")
    scores = beyne.evaluate(run_folder, data, split="out/split.csv")  # sides as in its training
    assert scores.names == found.names
    with pytest.raises(UsageError, match="compare arms of one job"):
        beyne.compare(["median", "bicubic"], data, "other")


def test_the_doctor_takes_named_sides(data) -> None:
    (data / "a").rename(data / "masks")
    (data / "other").mkdir()
    diagnosis = beyne.check(data, settings=["data.a=masks", "data.b=b", "train.batch=3"])
    assert "taken for translate: 20 pictures in 10 pairs" in diagnosis.findings[-1].problem
    assert set(diagnosis.split) == {f"masks/{i}{eye}.bmp" for i in range(5) for eye in "LR"}


def test_exchanged_colours_have_the_mean_of_another_picture() -> None:
    """By a factor a band, in any type of samples; the input stays as it is."""
    dark, bright = (np.full((4, 4, 3), level, np.uint16) for level in (2_000, 20_000))
    dark[0] //= 2
    pictures = [Decoded(f"{i}", pixels, pixels[..., :1]) for i, pixels in enumerate((dark, bright))]
    batch = Crops(pictures, 4, 0, "upright", "exchanged").batch(range(40))
    given, shown = (batch[side][:, :1].mean((1, 2, 3)) * 65_535 for side in ("lr", "hr"))
    seen = {(round(float(a)), round(float(b))) for a, b in zip(given, shown, strict=True)}
    assert seen == {(a, b) for a in (1_750, 20_000) for b in (1_750, 20_000)}
    own = Crops(pictures, 4, 0, "upright").batch(range(40))
    assert torch.equal(own["hr"][:, :1], own["lr"])
    with pytest.raises(UsageError, match="only a translation may make up colours"):
        load_recipe("photo-x4", ["data.colours=exchanged"])


@pytest.mark.parametrize("cut", ["whole", "crops"])
@pytest.mark.parametrize("name", TINY)
def test_pictures_that_are_not_square(name, cut, tmp_path) -> None:
    """The shape of 432×1072, at sides that no stride divides."""
    data = save_pairs(tmp_path / "data", 2, side=27)
    for path in (*(data / "a").iterdir(), *(data / "b").iterdir()):
        with Image.open(path) as image:
            image.resize((67, 27), Image.Resampling.NEAREST).save(path)
    short = [f"data.cut={cut}", "train.images=8", "train.save_every=8"]
    size = ["data.size_in=24", "data.size_out=24"]
    assert train(recipe_for(name, *short, *size), data, tmp_path / "run")
    model = beyne.load(tmp_path / "run" / "last.safetensors", precision="fp32")
    assert model.translate(data / "a" / "0L.bmp").pixels.shape == (27, 67, 3)


def test_grey_photos_get_colours(tmp_path, monkeypatch) -> None:
    """Colour photos are their own pairs; a grey one of any size is translated."""
    monkeypatch.chdir(tmp_path)
    save_pictures(tmp_path / "photos", 4, side=40)
    tiny_sizes = ["generator.levels=2", "generator.features=8", "discriminator.scales=2"]
    recipe = load_recipe("colourise", [*SMALL, *tiny_sizes])
    setup = prepare(recipe, tmp_path / "photos", Path("run"))
    batch = setup.batches.batch(range(3))
    assert torch.allclose(batch["lr"], batch["hr"].mean(1, keepdim=True), atol=1 / 255)
    assert train(recipe, tmp_path / "photos", Path("run"))
    model = beyne.load("run/best.safetensors", precision="fp32")
    made = model.translate(picture(21, 50, 1)).pixels
    assert made.shape == (21, 50, 3)
    colours = picture(21, 50)
    grey = colours.mean(2, keepdims=True).round().astype("uint8")
    assert np.array_equal(model.translate(colours).pixels, model.translate(grey).pixels)
    assert beyne.evaluate("run", tmp_path / "photos").n > 0
    seen = beyne.preview(tmp_path / "photos", "sheet.png", "colourise", [*SMALL, *tiny_sizes])
    assert seen.paired


def test_the_preview_of_pairs(data) -> None:
    """Input beside what it shall become; the recipe is told from the folder or the sides."""
    shown = [f"--set={setting}" for setting in SMALL if setting.startswith("data")]
    found = run("check", data, "--preview", *shown, code=1)  # both eyes of a child are alike
    assert "inputs     their own" in found.stdout
    sheet = beyne.read("preview.png").pixels
    setup = prepare(load_recipe("pix2pix-small", SMALL), data, Path("run"))
    batch = setup.batches.batch(range(1))
    for place, side in enumerate((batch["lr"].expand(-1, 3, -1, -1), batch["hr"])):
        expected = (side[0].permute(1, 2, 0) * 255).round().numpy()
        assert np.array_equal(sheet[:32, place * 36 : place * 36 + 32], expected)
    (data / "a").rename(data / "masks")
    assert beyne.preview(data, "other.png", settings=[*SMALL, "data.a=masks", "data.b=b"]).paired
