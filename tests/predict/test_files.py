"""From what was typed to jobs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rights import as_nobody, posix_users

from beyne.errors import UsageError
from beyne.predict.files import plan

links = pytest.mark.skipif(os.name == "nt", reason="links and pipes differ on Windows")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of (empty) pictures, as the current one."""
    names = ["a.jpg", "b.PNG", "c.tif", "notes.txt", ".hidden.png", "sub/a.webp", ".git/x.png"]
    for name in names:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pairs(jobs) -> list[tuple[str, str]]:
    return [(job.source.as_posix(), job.target.as_posix()) for job in jobs]


def test_one_file_to_one_file(here):
    jobs, failures = plan(["photos/a.jpg"], "large.png")
    assert pairs(jobs) == [("photos/a.jpg", "large.png")]
    assert failures == []


@pytest.mark.parametrize("output", ["out/", "photos"])
def test_one_file_into_a_folder(here, output):
    jobs, _ = plan(["photos/a.jpg"], output)
    assert jobs[0].target == Path(output) / "a.png"


def test_a_folder_keeps_its_tree(here):
    jobs, failures = plan(["photos"], "out")
    assert pairs(jobs) == [
        ("photos/a.jpg", "out/a.png"),
        ("photos/b.PNG", "out/b.png"),
        ("photos/c.tif", "out/c.tif"),
        ("photos/sub/a.webp", "out/sub/a.png"),
    ]
    assert failures == []


@pytest.mark.parametrize("pattern", ["photos/*.jpg", "ph*/a.*"])
def test_patterns_are_expanded_into_a_folder(here, pattern):
    jobs, _ = plan([pattern], "out")
    assert pairs(jobs) == [("photos/a.jpg", "out/a.png")]


def test_a_pattern_may_match_folders(here):
    jobs, _ = plan(["photos/s*"], "out")
    assert pairs(jobs) == [("photos/sub/a.webp", "out/a.png")]


def test_a_file_may_look_like_a_pattern(here):
    (here / "scan[1].png").write_bytes(b"")
    jobs, _ = plan(["scan[1].png"], "out.png")
    assert pairs(jobs) == [("scan[1].png", "out.png")]


def test_explicit_files_are_always_tried(here):
    jobs, _ = plan(["photos/notes.txt", "photos/.hidden.png", "missing.png"], "out")
    assert pairs(jobs) == [
        ("photos/notes.txt", "out/notes.txt.png"),
        ("photos/.hidden.png", "out/.hidden.png"),
        ("missing.png", "out/missing.png"),
    ]


def test_a_stem_may_hold_dots(here):
    (here / "scan.2024.tif").write_bytes(b"")
    jobs, _ = plan(["scan.2024.tif"], "out/", "jpg")
    assert jobs[0].target.name == "scan.2024.jpg"


@pytest.mark.parametrize(
    ("format", "name"), [("tiff", "c.tif"), ("png", "c.png"), ("jpg", "c.jpg"), ("webp", "c.webp")]
)
def test_formats(here, format, name):
    jobs, _ = plan(["photos/c.tif"], "out/", format)
    assert jobs[0].target.name == name


def test_results_of_an_earlier_run_are_no_inputs(here):
    earlier = here / "photos/large/a.png"
    earlier.parent.mkdir()
    earlier.write_bytes(b"")
    jobs, _ = plan(["photos"], "photos/large")
    assert all("large" not in job.source.parts for job in jobs)
    assert len(jobs) == 4


def test_a_file_named_twice_is_one_input(here):
    jobs, _ = plan(["photos/a.jpg", "photos/a.jpg"], "out")
    assert len(jobs) == 1


@pytest.mark.parametrize(("text", "words"), [("empty", "no picture in"), ("*.bmp", "no picture")])
def test_inputs_without_pictures_fail_alone(here, text, words):
    (here / "empty").mkdir()
    jobs, failures = plan([text, "photos/a.jpg"], "out")
    assert len(jobs) == 1
    assert [failure.input for failure in failures] == [text]
    assert words in str(failures[0])


@pytest.mark.parametrize(
    ("inputs", "output", "format", "words"),
    [
        (["photos/a.jpg", "photos/sub/a.webp"], "out", None, "would both become"),
        (["photos/b.PNG"], "photos/b.PNG", None, "is an input, too"),
        (["photos"], "photos", None, "is an input, too"),
        (["photos"], "photos/notes.txt", None, "is a file"),
        (["photos/a.jpg"], "out", None, "out/ for a folder"),
        (["photos/a.jpg"], "out.bmp", None, "does not end as"),
        (["photos/a.jpg"], "out.png", "jpg", "does not end in .jpg"),
        (["photos/a.jpg"], "out/", "gif", "no format 'gif'"),
    ],
)
def test_wrong_calls(here, inputs, output, format, words):
    with pytest.raises(UsageError, match=words):
        plan(inputs, output, format)


def test_a_deep_pattern_keeps_the_tree_and_takes_each_picture_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("g/a.png", "g/one/a.png", "g/two/a.png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"")
    for pattern in ("g/**", "g/**/*.png"):
        jobs, failures = plan([pattern], "out")
        assert not failures
        assert sorted(job.target.as_posix() for job in jobs) == [
            "out/a.png",
            "out/one/a.png",
            "out/two/a.png",
        ]


@links
def test_links_in_a_circle_are_no_more_than_a_failed_input(here):
    (here / "photos/loop.png").symlink_to("loop.png")
    jobs, failures = plan(["photos"], "large")
    assert ("photos/loop.png", "large/loop.png") in pairs(jobs)
    assert (len(jobs), failures) == (5, [])


@links
def test_pipes_are_refused_before_anything_waits_for_them(here):
    for name in ("photos/pipe.png", "photos/pipe", "photos/sub/pipe.jpg"):
        os.mkfifo(here / name)
    jobs, failures = plan(["photos", "photos/pipe"], "large")
    assert len(jobs) == 4
    refused = ["photos/pipe.png", "photos/sub/pipe.jpg", "photos/pipe"]
    assert [failure.input for failure in failures] == refused
    assert all("device or pipe" in failure.problem for failure in failures)


@posix_users
def test_what_may_not_be_looked_at_fails_alone(here):
    (here / "closed").mkdir()
    (here / "closed/a.png").write_bytes(b"")
    (here / "closed").chmod(0)
    here.chmod(0o755)
    with as_nobody():
        jobs, failures = plan(["closed/a.png", "photos/a.jpg", "closed/*.png"], "large")
    assert pairs(jobs) == [("photos/a.jpg", "large/a.png")]
    assert [failure.problem for failure in failures] == [
        "no permission to read it",
        "no picture matches this pattern",
    ]


def test_a_name_that_no_disk_holds_fails_alone(here):
    jobs, failures = plan(["n" * 300 + ".png", "photos/a.jpg"], "large")
    assert pairs(jobs) == [("photos/a.jpg", "large/a.png")]
    assert [failure.problem for failure in failures] == ["its name is too long"]
