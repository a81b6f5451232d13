"""Training of generators: data, labels, validation, memorisation, going on exactly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import picture, save_pictures
from PIL import Image

import beyne
from beyne import bundle
from beyne.data import Pair, Wholes, class_of, classes_of, read_whole
from beyne.discriminators import build as build_judge
from beyne.errors import UsageError
from beyne.generators import build, latents
from beyne.images import Raster
from beyne.recipe import load_recipe
from beyne.tasks import Adversarial, GeneratedTask
from beyne.tasks.adversarial import AdversarialConfig, Moment
from beyne.training import dry_run, train
from beyne.training.loop import Listener, Loop
from beyne.training.resolve import proposed_penalty, resolved
from beyne.training.setup import prepare
from beyne.training.state import RunState

SMALL = [
    *("data.size_out=32", "generator.latent=8", "discriminator.features=4"),
    *("train.images=64", "train.batch=4", "train.save_every=32", "train.log_every=8"),
    *("train.preview_every=4000", "train.precision=fp32", "train.warmup=0"),
]
TINY = {
    "gan": ["generator.features=4", "discriminator.layers=3"],
    "gan-small": ["generator.widths=[16, 8]"],
    "gan-stable": ["generator.widths=[16, 8]"],
    "gan-projected": [
        "generator.widths=[16, 8]",
        "discriminator.weights=random",
        'discriminator.layers=["Conv1", "block_1_expand"]',
    ],
}


def recipe_for(name: str = "gan-small", *settings: str):
    return load_recipe(name, [*SMALL, *TINY[name], *settings])


@pytest.fixture(autouse=True)
def _quick(tmp_path, monkeypatch) -> None:
    """What random convolutions see of a few pictures is enough here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("beyne.training.samples.GENERATED", 8)


@pytest.fixture
def data(tmp_path) -> Path:
    for number, name in enumerate(("rice", "wheat")):
        save_pictures(tmp_path / "data" / name, 8 + number, side=40)
    return tmp_path / "data"


def sections(folder: Path) -> dict[str, dict]:
    report = json.loads((folder / "report.json").read_text())
    return {section["kind"]: section for section in report["sections"]}


@pytest.mark.parametrize("name", TINY)
def test_run_of_every_recipe_ends_with_a_verdict_on_copies(name, data) -> None:
    """And with a model that was chosen only once labels counted in full."""
    heard: list[str] = []
    guard = "adversarial.guard={every=16,crops=8,accuracy=0.51}"
    recipe = recipe_for(name, "train.save_every=16", guard)
    assert train(recipe, data, Path("run"), message=heard.append)
    card = bundle.read_card(Path("run/best.safetensors"))
    assert (card.job, card.bits, card.labels) == ("generate", 8, ["rice", "wheat"])
    assert card.scores[0].keys() >= {"kid", "kid_error", "diversity", "protocol", "features"}
    assert (card.generator["height"], card.generator["channels"]) == (32, 3)
    told = sections(Path("run"))
    assert told["memorisation"]["sentence"] == heard[-1]
    assert "8 generated pictures are nearer" in heard[-1]
    assert told["outcome"]["metric"]["key"] == "kid"
    for row in told["scores"]["rows"]:
        assert row["values"][0]["low"] < row["values"][0]["mean"] < row["values"][0]["high"]
    assert Path("run/nearest.png").is_file()
    sheet = np.asarray(Image.open("run/previews/000000064.png"))
    assert sheet.shape == (2 * 34 + 4, 8 * 34, 3)  # a row a class
    lines = [json.loads(line) for line in Path("run/stats.jsonl").read_text().splitlines()]
    assert [line["images"] for line in lines if "kid" in line] == [16, 32, 48, 64]
    assert [line["images"] for line in lines if "accuracy" in line] == [16, 32, 48, 64]
    assert all(0 <= line["accuracy"] <= 1 for line in lines if "accuracy" in line)
    state = torch.load("run/state/state.pt", weights_only=True)
    assert len(state["counters"]["looks"]) == 2  # at 48 and 64 of 64, not at 16 and 32


def test_interrupted_run_ends_as_if_never_stopped(data) -> None:
    """With latents, labels, augmentation, running statistics, spectral norm and penalties."""
    recipe = recipe_for("gan-small", "adversarial.r1=0.1", "adversarial.r2=0.1")

    def loop(run: str, heard=None) -> Loop:
        return Loop(prepare(recipe, data, Path(run)), Path(run), heard)

    def stop(seen: int, total: int, values: dict[str, float]) -> None:
        if seen == 44:
            raise InterruptedError

    assert loop("whole").fit()
    with pytest.raises(InterruptedError):
        loop("killed", Listener(progress=stop)).fit()
    assert loop("killed").fit()
    for file in ("best.safetensors", "last.safetensors", "stats.jsonl", "nearest.png"):
        assert (Path("whole") / file).read_bytes() == (Path("killed") / file).read_bytes(), file
    first, second = (sections(Path(run))["memorisation"] for run in ("whole", "killed"))
    assert first == second


def test_labels_come_in_by_and_by(data) -> None:
    task = prepare(recipe_for(), data, Path("none")).task
    assert [task.adversarial.strength(images, 100) for images in (0, 30, 45, 60, 100)] == [
        *(0, 0, pytest.approx(0.5), 1, 1)
    ]
    assert task.adversarial.strength(32, 64) < 1 == task.adversarial.strength(48, 64)


def test_strength_reaches_both_networks() -> None:
    torch.manual_seed(0)
    nets = {
        "generator": build(
            "dcgan", {"features": 4, "latent": 8, "height": 32, "width": 32} | {"classes": 2}
        ).eval(),
        "discriminator": build_judge("dcgan", {"features": 4, "classes": 2}).eval(),
    }
    batch = {"image": torch.rand(4, 3, 32, 32), "label": torch.tensor([0, 1, 0, 1])}
    other = {**batch, "label": 1 - batch["label"]}
    task = GeneratedTask(Adversarial(AdversarialConfig()), 8, 100, labelled=True)

    def terms(batch, phase, images):
        torch.manual_seed(1)
        return task.terms(phase, nets, batch, Moment(images))[
            {"generator": "adversarial"}.get(phase, phase)
        ].item()

    for phase in ("generator", "discriminator"):
        assert terms(batch, phase, 0) == terms(other, phase, 0)
        assert terms(batch, phase, 100) != terms(other, phase, 100)


def test_diversity_compares_pictures_of_the_same_request() -> None:
    """By hand: the same latents, the first half's labels twice."""
    sizes = {"features": 4, "latent": 8, "height": 32, "width": 32, "classes": 4}
    net = build("dcgan", sizes).eval()
    nets = {"generator": net, "discriminator": build_judge("dcgan", {"features": 4, "classes": 4})}
    batch = {"image": torch.rand(5, 3, 32, 32), "label": torch.tensor([0, 1, 2, 3, 3])}
    settings = AdversarialConfig(diversity=0.5)
    task = GeneratedTask(Adversarial(settings), 8, 100, labelled=True)
    torch.manual_seed(1)
    found = task.terms("generator", nets, batch, Moment(100))["diversity"]
    torch.manual_seed(1)
    made = net(torch.randn(5, 8), torch.tensor([0, 1, 0, 1, 3]), 1.0)
    apart = torch.stack([(made[n] - made[n + 2]).abs().mean() for n in (0, 1)])
    assert torch.allclose(found, -0.5 * (apart + 1e-3).log().mean(), atol=1e-6)
    alone = {name: value[:1] for name, value in batch.items()}
    assert "diversity" not in task.terms("generator", nets, alone, Moment(100))


def test_average_paints_like_the_trained_generator() -> None:
    """Weights and running statistics are averaged alike, so eval mode fits."""
    torch.manual_seed(0)
    net = build("dcgan", {"features": 4, "latent": 8, "height": 32, "width": 32})
    state = RunState({"generator": net}, {})
    for _ in range(200):
        with torch.no_grad():
            net.train()(torch.randn(16, 8))
            for parameter in net.parameters():
                parameter.add_(torch.randn_like(parameter) * 1e-3)
        state.images += 16
        state.update_average(16, 160)
    z = latents(0, range(16), 8)
    with torch.inference_mode():
        live, average = net.train()(z), state.average(z)
    assert (live - average).abs().mean() < 0.2 * live.std()
    batches = [
        m.num_batches_tracked for m in state.average.modules() if hasattr(m, "num_batches_tracked")
    ]
    assert all(int(number) == 201 - 1 for number in batches)


def test_batches_depend_on_seed_and_number_alone() -> None:
    pixels = [picture(16, 24, seed=n) for n in range(5)]
    wholes = Wholes(pixels, [0, 1, 0, 1, 0], 3, "all")
    batch, part = wholes.batch(range(64)), wholes.batch(range(20, 30))
    assert torch.equal(batch["image"][20:30], part["image"])
    assert torch.equal(batch["label"][20:30], part["label"])
    shown = {tuple(image.flatten().tolist()) for image in batch["image"]}
    assert 12 < len(shown) <= 20  # of an oblong the four ways that keep its shape
    upright = Wholes(pixels, [], 3, "upright").batch(range(64))
    assert "label" not in upright
    assert len(torch.unique(upright["image"], dim=0)) == 5


def test_pictures_are_cut_about_their_middle(tmp_path) -> None:
    pixels = np.zeros((20, 60, 1), np.uint16)
    pixels[:, 20:40] = 60_000
    beyne.save(Raster(pixels), tmp_path / "p.png")
    pair = Pair("p.png", tmp_path / "p.png")
    found = read_whole(pair, 1, (10, 10))
    assert found.dtype == np.uint16
    assert found.shape == (10, 10, 1)
    assert (found == 60_000).all()
    wide = read_whole(pair, 3, (10, 30))
    assert np.array_equal(wide[..., 0], wide[..., 2])
    assert (wide[:, 12:18] == 60_000).all()


def test_five_bands_of_16_bit_and_an_oblong(tmp_path) -> None:
    (tmp_path / "data").mkdir()
    for number in range(6):
        pixels = picture(40, 48, 5, seed=number).astype(np.uint16)
        beyne.save(Raster(pixels * 257), tmp_path / f"data/{number}.tif")
    settings = ("generator.width=48", "train.images=16", "train.save_every=16")
    assert train(recipe_for("gan-small", *settings), tmp_path / "data", tmp_path / "run")
    card = bundle.read_card(tmp_path / "run/best.safetensors")
    assert (card.channels_out, card.bits, card.labels) == (5, 16, [])
    assert (card.generator["height"], card.generator["width"]) == (32, 48)


def test_classes_are_folders() -> None:
    assert [class_of(name) for name in ("p.png", "a/p.png", "train/b/c/p.png", "val/p.png")] == [
        *("", "a", "b", "")
    ]
    pairs = [Pair(name, Path(name)) for name in ("b/1.png", "a/2.png", "train/a/3.png")]
    assert classes_of(pairs) == ("a", "b")
    assert classes_of(pairs[1:]) == ()
    with pytest.raises(
        UsageError, match=r"4.png lies beside .*a, b; .*data.classes=\[\].*beyne check"
    ):
        classes_of([*pairs, Pair("4.png", Path("4.png"))])


def test_augmentation_goes_by_the_number_of_pictures() -> None:
    few, many = (resolved(recipe_for(), number).adversarial for number in (5_000, 5_001))
    assert few.augment is not None
    assert many.augment is None


def test_penalty_is_proposed_from_size_and_batch(data) -> None:
    assert proposed_penalty(64, 64, 16) == pytest.approx(0.0128)
    recipe, estimate = dry_run(recipe_for("gan-stable"), data, Path("none"))
    assert recipe.adversarial.r1 == recipe.adversarial.r2 == proposed_penalty(32, 32, 4)
    assert estimate.hours > 0
    assert not Path("none").exists()
    assert (
        prepare(recipe_for("gan-stable", "adversarial.r1=3"), data, Path("x")).recipe.adversarial.r1
        == 3
    )


def test_the_guards_penalty_starts_where_one_would_be_proposed() -> None:
    guard = resolved(load_recipe("srgan"), 288).adversarial.guard
    assert guard.r1 == proposed_penalty(96, 96, 16)
    asked = resolved(load_recipe("srgan", ["adversarial.guard.r1=0.5"]), 288).adversarial.guard
    assert asked.r1 == 0.5


def test_collapse_is_said_once_pictures_can_be_judged(data) -> None:
    heard: list[str] = []
    setup = prepare(recipe_for(), data, Path("run"))
    with torch.no_grad():
        setup.state.nets["generator"].last.weight.zero_()
        setup.state.nets["generator"].last.requires_grad_(False)
    Path("run").mkdir()
    loop = Loop(setup, Path("run"), Listener(message=heard.append))
    loop.state.average.last.weight.zero_()
    for seen in (0, 32, 64):  # labels come in by and by; then there is a first look
        loop.state.images = seen
        loop.review.validate()
        assert not heard
    loop.review.validate()
    assert heard[0].startswith("mode collapse: generated pictures differ by 0 %")
    scores = loop.review.values
    assert scores["diversity"] == pytest.approx(0, abs=1e-3)
    assert setup.examiner.alarm({"diversity": 0.9, "diversity_error": 0.05}) == ""


def test_patience_stops_a_generator_of_grey_pictures_by_kid(tmp_path) -> None:
    heard: list[str] = []
    data = save_pictures(tmp_path / "data", 12, side=40, channels=1)
    settings = ("train.patience=2", "train.learning_rate=1e-12", "train.images=4000")
    settings += ("train.save_every=8",)
    assert train(recipe_for("gan-small", *settings), data, Path("run"), message=heard.append)
    assert any("stopped early" in text for text in heard)
    assert sections(Path("run"))["outcome"]["state"] == "early"
    card = bundle.read_card(Path("run/best.safetensors"))
    assert (card.channels_out, card.bits, card.labels) == (1, 8, [])


def test_start_from_a_run_and_from_a_model(data) -> None:
    run = Path("gan")
    assert train(recipe_for("gan", "train.images=8", "train.save_every=8"), data, run)
    kept = torch.load(run / "state" / "state.pt", weights_only=True)["average"]
    for start, said in (
        (run, "generator and discriminator of"),
        (run / "last.safetensors", "optimisers start fresh"),
    ):
        setup = prepare(recipe_for("gan", f"train.start={start}"), data, Path("none"))
        assert said in setup.notes[-1]
        assert (setup.state.images, setup.parent["images"]) == (0, 8)
        for key, tensor in kept.items():
            assert torch.equal(setup.state.average.state_dict()[key], tensor)
    Loop(setup, Path("none")).probe(steps=1)
    others = recipe_for("gan-small", "train.start=gan/last.safetensors")
    with pytest.raises(UsageError, match="another network than the recipe's: kind dcgan for fast"):
        prepare(others, data, Path("none"))
    fewer = recipe_for("gan", "train.start=gan/last.safetensors", "data.classes=[]")
    with pytest.raises(UsageError, match="another network than the recipe's: classes 2 for 0;"):
        prepare(fewer, data, Path("none"))
    with pytest.raises(UsageError, match="kind span for dcgan"):
        prepare(recipe_for("gan", "train.start=photo-x4"), data, Path("none"))
    upscale = load_recipe("photo-x4", ["train.start=gan/last.safetensors"])
    with pytest.raises(UsageError, match="kind dcgan for span"):
        prepare(upscale, data, Path("none"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["adversarial.warmup=8"], "adversarial.warmup and head_start must be 0"),
        (["train.select=psnr"], 'train.select: "kid" chooses among generators'),
        (["adversarial.transition=[0.6, 0.3]"], "transition: two shares of the run"),
        (["data.classes=['rice', 'oat']"], "no training picture is in a folder oat.*beyne check"),
        (["generator.height=33"], "multiples of"),
        (["discriminator={kind='patch'}"], "'patch' knows no labels; --set data.classes"),
    ],
)
def test_what_does_not_fit_is_named_before_training(data, settings, message) -> None:
    def made_ready() -> None:
        prepare(recipe_for("gan-small", *settings), data, Path("run"))

    with pytest.raises(UsageError, match=message):
        made_ready()
    assert not Path("run").exists()


def test_too_few_pictures_are_named(tmp_path) -> None:
    save_pictures(tmp_path / "data", 2, side=40)
    with pytest.raises(UsageError, match="training pictures are too few.*beyne check"):
        prepare(recipe_for(), tmp_path / "data", tmp_path / "run")


def test_without_validation_pictures_those_of_training_are_measured_and_it_is_said(
    tmp_path,
) -> None:
    save_pictures(tmp_path / "data", 4, side=32)
    rows = "".join(f"p{n}.png,{n},train\n" for n in range(4))
    (tmp_path / "data/split.csv").write_text("file,group,split\n" + rows)
    setup = prepare(recipe_for(), tmp_path / "data", tmp_path / "run")
    assert "KID is measured against those of training" in setup.notes[0]
    assert setup.examiner.number == 4


def test_check_shows_what_training_would_see(data) -> None:
    recipe = ["data.size_out=32", "generator.latent=8"]
    seen = beyne.preview(data, "seen.png", settings=recipe, task="generate")
    assert (seen.train + seen.val, seen.paired, seen.smallest) == (17, None, (32, 32))
    assert np.asarray(Image.open("seen.png")).shape == (8 * 36, 2 * 36, 3)
