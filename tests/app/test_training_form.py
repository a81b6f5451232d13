"""What the fields of a training come to."""

from __future__ import annotations

import asyncio

import gradio as gr
import pytest
from pictures import save_pictures

from beyne.api.runs import TrainCall
from beyne.app.access import Access
from beyne.app.context import Context
from beyne.app.jobs import Jobs
from beyne.app.server import quiet
from beyne.app.training_call import call_of, check_call, run_of
from beyne.app.training_form import JOBS, NUMBERS, USUAL, Form
from beyne.app.words import Words
from beyne.errors import BeyneError
from beyne.zoo import find


@pytest.fixture
def form(tmp_path):
    """A context, and ``ask(name=value)``: the recipe's own values but for these."""
    quiet(tmp_path)
    root = (tmp_path / "root").resolve()
    for name in ("hr", "lr", "val", "masks", "photos"):
        save_pictures(root / "data" / name, count=1, side=8)

    async def drawn() -> Form:  # without a loop, Gradio opens one and leaves it
        with gr.Blocks(analytics_enabled=False) as page, gr.Tab() as tab:
            access = Access([root], Words("en"))
            return Form(Context(Words("en"), access, Jobs(tmp_path), page, tab))

    form = asyncio.run(drawn())

    def ask(**changed):
        values = dict.fromkeys(form.fields) | {"job": "upscale", "layout": "one", "device": "auto"}
        values |= {"data": str(root / "data"), **changed}
        values.setdefault("recipe", None)
        values["recipe"] = values["recipe"] or USUAL[values["job"]]
        numbers = dict(zip(NUMBERS, form.opened(values["recipe"], None)[2:], strict=True))
        return numbers | {name: value for name, value in values.items() if value is not None}

    return form._context, lambda **changed: dict.fromkeys(form.fields) | ask(**changed)


@pytest.mark.parametrize("job", JOBS)
def test_what_a_recipe_fills_in_is_the_recipe(form, job) -> None:
    from beyne.recipe import load_recipe

    context, ask = form
    call = call_of(context, ask(job=job))
    asked, own = load_recipe(call.recipe, list(call.settings)), load_recipe(call.recipe)
    same = {"batch", "learning_rate", "images", "epochs", "seed", "save_every", "start"}
    assert asked.train.model_dump(include=same) == own.train.model_dump(include=same)
    assert asked.data == own.data
    assert asked.train.preview_every == own.train.save_every


def test_folders_named_one_by_one_are_below_the_one_they_share(form) -> None:
    context, ask = form
    data = context.access.roots[0] / "data"
    sides = {"hr": str(data / "hr"), "lr": str(data / "lr"), "val_hr": str(data / "val")}
    call = call_of(context, ask(layout="sides", **sides))
    assert call.data == data
    assert {'data.hr="hr"', 'data.lr="lr"', 'data.val_hr="val"'} <= set(call.settings)
    pairs = {"a": "data/masks", "b": "data/photos"}
    call = call_of(context, ask(job="translate", layout="sides", size_out=64, **pairs))
    assert {'data.a="masks"', 'data.b="photos"', "data.size_in=64"} <= set(call.settings)
    with pytest.raises(BeyneError, match="“What they shall become” is empty"):
        call_of(context, ask(job="translate", layout="sides", a="data/masks"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"data": "../.."}, "outside the folders"),
        ({"data": None}, "no folder of pictures"),
        ({"recipe": "/etc/passwd"}, "no recipe is chosen"),
        ({"start": "/etc/passwd"}, "outside the folders"),
        ({"start": "data/hr/p0.png"}, "is not a safetensors file; choose another one"),
        ({"batch": -1}, "“Batch size” can’t be -1; take a number above 0"),
        ({"length": 0}, "“Length” can’t be 0"),
        ({"rate": 0}, "“Learning rate” can’t be 0"),
        ({"size_in": 0}, "“Size in” can’t be 0"),
        ({"size_out": 100, "size_in": 64}, "do not fit together; .* 1, 2, 3, 4 or 8"),
    ],
)
def test_what_does_not_fit_is_a_sentence(form, changed, said) -> None:
    context, ask = form
    values = ask(recipe="photo-x4") | changed
    with pytest.raises(BeyneError, match=said):
        call_of(context, values)


def test_names_of_trainings(form) -> None:
    context, ask = form
    folder = context.home / "runs"
    assert run_of(context, ask(recipe="srgan-ls")) == folder / "srgan-ls-1"
    (folder / "srgan-ls-1").mkdir(parents=True)
    assert run_of(context, ask(recipe="srgan-ls")) == folder / "srgan-ls-2"
    assert run_of(context, ask(name="мой лес")) == folder / "мой лес"
    for name in ("../up", ".hidden", "a/b"):
        with pytest.raises(BeyneError, match="can’t be a name"):
            run_of(context, ask(name=name))
    with pytest.raises(BeyneError, match="outside the folders"):
        run_of(context, ask(runs="/etc"))


def test_what_is_resumed_may_read_nothing_outside_the_roots(form, tmp_path) -> None:
    context, _ = form
    inside = context.access.roots[0] / "data"
    for call in (
        TrainCall(recipe="photo-x4", data=tmp_path),
        TrainCall(recipe="photo-x4", data=inside, settings=('data.hr="/etc"',)),
        TrainCall(recipe="photo-x4", data=inside, settings=('train.start="/etc/passwd"',)),
        TrainCall(recipe=str(tmp_path / "own.toml"), data=inside),
    ):
        with pytest.raises(BeyneError, match="outside the folders"):
            check_call(context, call)


def test_a_model_of_ones_own_is_found_whatever_its_recipe(form) -> None:
    """A training by the recipe ``photo-x4`` makes a model of the name of one of beyne's."""
    context, _ = form
    own = context.access.roots[0] / "beyne" / "runs" / "photo-x4-1" / "best.safetensors"
    own.parent.mkdir(parents=True)
    own.write_bytes(find("photo-x4").read_bytes())
    choices = context.choices("upscale")
    assert ("runs/photo-x4-1/best.safetensors", str(own)) in choices
    assert [value for _, value in choices].count("photo-x4") == 1
    assert context.find(str(own), "upscale") == own


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("photo-x4", "photo-x4 is made for the tab Enlarge, not for this one; use it there"),
        ("data/hr/p0.png", "p0.png is not a safetensors file; choose another one"),
        ("data", "is a folder, not a model file; choose another one"),
        ("../x.safetensors", "outside the folders"),
        (None, "no model is chosen"),
    ],
)
def test_what_is_no_model_for_a_tab_is_a_sentence_without_a_command(form, model, said) -> None:
    context, _ = form
    with pytest.raises(BeyneError, match=said):
        context.find(model, "generate")
