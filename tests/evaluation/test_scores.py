"""The table of scores: means, the worst, and files that give it back."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from beyne.errors import UsageError
from beyne.evaluation.scores import Scores, badness, read_scores, write_scores
from beyne.evaluation.statistics import bootstrap_interval
from beyne.predict.files import Failure

NAMES = ("a.png", "б, in.png", "c.png", "d.png")


def table(model="m", seed=None, **columns) -> Scores:
    given = {"psnr": [30.1, 28.2, math.nan, 31.3], "lpips": [0.1, 0.4, 0.2, 0.3]} | columns
    columns = {name: np.array(values) for name, values in given.items()}
    return Scores(model, "set, all 4 pictures", "Y, crop 4; more", NAMES, columns, seed)


def test_means_and_intervals_are_of_the_measured():
    scores = table()
    assert scores.n == 4
    assert scores.mean == {"psnr": pytest.approx(89.6 / 3), "lpips": pytest.approx(0.25)}
    assert scores.interval["psnr"] == bootstrap_interval([30.1, 28.2, 31.3])


def test_the_worst_come_first_whichever_values_are_better():
    scores = table(fine_detail=[0.5, 3.0, 1.0, 1.5])
    assert scores.worst("psnr") == ["б, in.png", "a.png", "d.png"]
    assert scores.worst("lpips", 2) == ["б, in.png", "d.png"]
    assert scores.worst("fine_detail") == ["б, in.png", "a.png", "d.png", "c.png"]
    assert badness("fine_detail", 0.0) == math.inf
    assert scores.main == "lpips"


def test_files_give_the_tables_back(tmp_path):
    one, two = table(), table("n", seed=2, ssim=[0.1, 0.2, 1 / 3, 0.4])
    write_scores(tmp_path / "scores.csv", one, two)
    back = read_scores(tmp_path / "scores.csv")
    for given, found in zip((one, two), back, strict=True):
        assert (found.model, found.seed, found.data) == (given.model, given.seed, given.data)
        assert (found.protocol, found.names) == (given.protocol, given.names)
        assert found.columns.keys() == given.columns.keys()
        for name, values in given.columns.items():
            assert np.array_equal(found.columns[name], values, equal_nan=True)


def test_values_in_another_order():
    asked = ("d.png", "elsewhere.png", "a.png")
    assert table().values("lpips", asked).tolist() == [
        0.3,
        pytest.approx(math.nan, nan_ok=True),
        0.1,
    ]


def test_json_has_no_nan():
    scores = table()
    text = json.dumps(scores.as_json(), allow_nan=False)
    read = json.loads(text)
    assert read.keys() >= {"protocol", "n", "mean", "interval", "rows"}
    assert read["rows"][2] == {"file": "c.png", "psnr": None, "lpips": 0.2}
    assert read["interval"]["lpips"] == list(scores.interval["lpips"])
    lonely = Scores(
        "m", "d", "p", ("a",), {"psnr": np.array([30.0])}, None, (Failure("b", "x", "y"),)
    )
    read = json.loads(json.dumps(lonely.as_json(), allow_nan=False))
    assert read["interval"]["psnr"] == [None, None]
    assert read["failed"] == [{"input": "b", "problem": "x", "remedy": "y"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,group,split\na,b,train\n", "no table of scores"),
        ("model,seed,data,protocol,file,psnr\nm,,d,p,a.png,high\n", "no table of scores"),
        ("model,seed,data,protocol,file,beauty\nm,,d,p,a.png,1\n", "no table of scores"),
        ("model,seed,data,protocol,file,psnr\nm,,d\n", "no table of scores"),
        (None, "can't be read"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, message):
    path = tmp_path / "scores.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_scores(path)
