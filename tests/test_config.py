"""Settings: TOML both ways, --set, messages, and random bad input."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beyne.config import merged, parse_setting, tomllib, write_toml
from beyne.errors import BeyneError, UsageError
from beyne.recipe import load_recipe, presets

VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs", "Cc"])),
)
KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
TREES = st.recursive(
    st.dictionaries(KEYS, VALUES | st.lists(st.integers()), max_size=4),
    lambda inner: st.dictionaries(KEYS, VALUES | inner, max_size=4),
    max_leaves=8,
)


@given(TREES)
@settings(max_examples=60, deadline=None)
def test_written_toml_reads_back(tree) -> None:
    assert tomllib.loads(write_toml(tree)) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("train.batch=8", {"train": {"batch": 8}}),
        ("train.learning_rate = 1e-4", {"train": {"learning_rate": 1e-4}}),
        ("train.start=runs/a", {"train": {"start": "runs/a"}}),
        ("generator.mean=[0.1, 0.2]", {"generator": {"mean": [0.1, 0.2]}}),
        ('name="a=b"', {"name": "a=b"}),
    ],
)
def test_settings_are_toml_or_text(text, tree) -> None:
    assert parse_setting(text) == tree


def test_merging_goes_table_by_table() -> None:
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}) == {"a": {"b": 3, "c": 2}}


@pytest.mark.parametrize("name", presets())
def test_every_preset_loads(name) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description


def test_one_length_replaces_the_other() -> None:
    recipe = load_recipe("photo-x4", ["train.epochs=2"])
    assert (recipe.train.images, recipe.train.epochs) == (None, 2)


@pytest.mark.parametrize(
    ("name", "setting", "message"),
    [
        ("photo-x5", "train.batch=1", "no recipe 'photo-x5'; did you mean 'photo-x4'"),
        ("photo-x4", "train.bach=1", "train.bach: unknown key; did you mean 'batch'"),
        ("photo-x4", "trian.batch=1", "trian: unknown key; did you mean 'train'"),
        ("photo-x4", "train.batch=none", "train.batch: input should be a valid integer"),
        ("photo-x4", "train.batch", "not of the form key.sub=value"),
        ("photo-x4", "data.size_out=100", "1, 2, 3, 4 or 8 times data.size_in"),
        ("photo-x4", "losses.psnr={kind='l1'}", "'psnr' can't be the name of a loss"),
        ("photo-x4", "train=3", "train: "),
        ("photo-x4", "train.micro_batch=3", "multiple of micro_batch"),
    ],
)
def test_mistakes_are_named(name, setting, message) -> None:
    with pytest.raises(UsageError, match=message):
        load_recipe(name, [setting])


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_setting_gives_a_recipe_or_a_clear_error(text) -> None:
    with contextlib.suppress(BeyneError):  # anything else fails the test
        load_recipe("photo-x4", [text])
