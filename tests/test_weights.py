"""The table of published weights, finding, checking and fetching them, and ``beyne weights``."""

from __future__ import annotations

import functools
import gc
import hashlib
import http.server
import json
import subprocess
import sys
import threading

import pytest
import torch
import typer
from typer.testing import CliRunner

from beyne import weights
from beyne.backbones import BACKBONES, load_backbone
from beyne.cli.weights import weights as commands
from beyne.config import write_toml
from beyne.errors import BeyneError, UsageError
from beyne.weights import MissingWeightsError

app = typer.Typer()
app.add_typer(commands)

CONTENT = b"weights of a network" * 50
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


def run(*words):
    return CliRunner().invoke(app, ["weights", *words], catch_exceptions=False)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A fresh folder of one's own weights and a fresh cache."""
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("BEYNE_WEIGHTS", str(own))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return own


def name_file(folder, **fields):
    """Write a table that names ``mine``."""
    entry = {"network": "vgg19", "file": "mine.pth", **fields}
    (folder / "weights.toml").write_text(write_toml({"mine": entry}))


@pytest.fixture
def server(tmp_path):
    """Address of a web server that has ``mine.pth``."""
    shown = tmp_path / "shown"
    shown.mkdir()
    (shown / "mine.pth").write_bytes(CONTENT)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(shown))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_the_table_fits_the_backbones():
    entries = weights.known()
    assert {entry.network for entry in entries.values()} == {*BACKBONES, "lpips"}
    assert len({entry.file for entry in entries.values()}) == len(entries)
    for name, entry in entries.items():
        assert entry.licence != "not stated"
        assert not entry.url or entry.url.endswith(f"/{entry.file}")
        assert not (entry.url and not entry.official), name
        if entry.network in BACKBONES:
            config_class, backbone_class = BACKBONES[entry.network]
            layers = backbone_class(config_class(**entry.fields)).layers
            assert entry.deepest in ("", *layers)


@pytest.mark.parametrize("network", [*BACKBONES, "lpips"])
def test_what_is_taken_by_default_can_be_fetched_and_checked(network):
    entry = weights.find(weights.default(network))
    assert entry.url
    assert entry.hash
    assert entry.official


@pytest.mark.parametrize("digits", [f"sha256:{SHA256}", f"sha256:{SHA256[:8]}", f"md5:{MD5}", ""])
def test_fetch_keeps_the_right_file(digits, folder, server, tmp_path):
    name_file(folder, url=f"{server}/mine.pth", hash=digits)
    with pytest.raises(MissingWeightsError, match="not here; beyne weights fetch mine"):
        weights.path("mine")
    found = run("fetch", "mine").stdout.rstrip("\n")
    assert (tmp_path / "cache") in weights.path("mine").parents
    assert found == str(weights.path("mine")) == run("path", "mine").stdout.rstrip("\n")
    assert weights.path("mine").read_bytes() == CONTENT
    assert weights.fetch("mine") == weights.path("mine")


def test_without_a_published_hash_that_of_the_first_download_counts(folder, server, tmp_path):
    name_file(folder, url=f"{server}/mine.pth")
    told = run("fetch", "mine")
    assert told.stderr.splitlines() == [
        f"no hash of 'mine' is published, so it could not be checked; sha256 {SHA256}"
    ]
    found = weights.path("mine")
    assert found.with_name("mine.pth.sha256").read_text() == f"{SHA256}  mine.pth\n"
    assert not run("fetch", "mine").stderr
    found.write_bytes(b"something else")
    with pytest.raises(UsageError, match="its SHA256 differs"):
        weights.path("mine")
    found.unlink()
    (tmp_path / "shown" / "mine.pth").write_bytes(b"something else")
    with pytest.raises(BeyneError, match="gives another file than the one 'mine' names"):
        weights.fetch("mine")
    assert not found.exists()


def test_fetch_keeps_nothing_of_another_file(folder, server, tmp_path):
    name_file(folder, url=f"{server}/mine.pth", hash="sha256:00000000")
    with pytest.raises(BeyneError, match="gives another file than the one 'mine' names"):
        weights.fetch("mine")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


# pooch leaves the connection of a refused page to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "{server}/none"])
def test_without_a_network_it_says_what_to_download_and_where_to_put_it(address, folder, server):
    url = f"{address.format(server=server)}/mine.pth"
    name_file(folder, url=url)
    with pytest.raises(BeyneError) as caught:
        weights.fetch("mine")
    assert caught.value.exit_code == 1
    assert str(caught.value).endswith(f"download {url} and put it into {folder}")
    del caught
    gc.collect()


def test_a_file_of_the_folder_is_found_first_and_checked(folder):
    path = folder / weights.find("mobilenet_v2_torchvision").file
    path.write_bytes(CONTENT)
    assert weights.located("mobilenet_v2_torchvision") == path
    assert not weights.present("mobilenet_v2")
    with pytest.raises(UsageError, match="is not the file that 'mobilenet_v2_torchvision' names"):
        weights.path("mobilenet_v2_torchvision")
    entries = {entry["name"]: entry for entry in json.loads(run("list", "--json").stdout)}
    told = entries["mobilenet_v2_torchvision"]
    assert (told["path"], told["another_file"]) == (None, str(path))
    assert f"    not here: {path} is another file, remove it\n" in run("list").stdout
    name_file(folder, network="mobilenet_v2", hash=f"sha256:{SHA256}")
    (folder / "mine.pth").write_bytes(CONTENT)
    assert list(weights.present("mobilenet_v2")) == ["mine"]


def test_a_table_of_ones_own_is_used(folder):
    ours = load_backbone("mobilenet_v2", "random", seed=3)
    torch.save(ours.state_dict(), folder / "mine.pth")
    fields = {"padding": "tensorflow", "value_range": "symmetric"}
    name_file(folder, network="mobilenet_v2", fields=fields)
    loaded = load_backbone("mobilenet_v2", "mine", ["Conv_1"])
    assert loaded.config.padding == "tensorflow"
    assert torch.equal(next(loaded.parameters()), next(ours.parameters()))
    name_file(folder, network="mobilenet_v2", fields={"paddding": "tensorflow"})
    with pytest.raises(UsageError, match="did you mean 'padding'"):
        load_backbone("mobilenet_v2", "mine")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: weights.path("vgg19_kears"), "no weights 'vgg19_kears'; did you mean"),
        (lambda: weights.fetch("vgg19_kears"), "no weights 'vgg19_kears'; did you mean"),
        (lambda: weights.fetch("vgg19_normalised"), "not published as a file; put vgg19_normalis"),
        (lambda: weights.path("vgg19_normalised"), "are not here; put vgg19_normalised"),
    ],
)
def test_mistakes_are_told(call, message):
    with pytest.raises(UsageError, match=message):
        call()


def test_a_wrong_folder_or_table_is_told(folder, monkeypatch):
    name_file(folder, fille="x")
    with pytest.raises(UsageError, match=r"weights.toml: mine.fille: unknown key; did you mean"):
        weights.known()
    (folder / "weights.toml").write_text("mine = 3\n")
    with pytest.raises(UsageError, match="weights.toml: mine"):
        weights.known()
    monkeypatch.setenv("BEYNE_WEIGHTS", str(folder / "none"))
    with pytest.raises(UsageError, match="not a folder"):
        weights.known()


def test_list_tells_what_is_known_and_here(folder, shared):
    name = "vgg19_normalised_conv1_1_to_conv3_1.safetensors"
    (folder / name).symlink_to(shared("weights") / name)
    entries = {entry["name"]: entry for entry in json.loads(run("list", "--json").stdout)}
    assert entries.keys() == weights.known().keys()
    assert entries["vgg19_normalised"]["path"] == str(folder / name)
    assert entries["vgg19_keras"]["path"] is None
    text = run("list").stdout
    assert str(folder / name) in text
    assert "vgg19, up to conv3_1" in text
    assert "not here: beyne weights fetch vgg19_keras " in text
    assert "no hash published" in text


def test_listing_loads_no_torch():
    code = (
        "import sys; from beyne.cli.weights import weights; "
        "weights(['list'], standalone_mode=False); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
