"""Tables as spreadsheets save them are read alike by everything that reads tables."""

from __future__ import annotations

import pytest
from pictures import save_pictures

from beyne.data import Caption, Sources, find_pairs, read_captions, read_groups, read_split
from beyne.doctor.tables import read_table
from beyne.errors import UsageError
from beyne.files import read_rows, table

ROWS = [
    {"file": "p0.png", "group": "Айгүл, 1", "split": "train"},
    {"file": "p1.png", "group": "Їжак", "split": "val"},
]
WAYS = [(",", "utf-8"), (";", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-8"), ("\t", "utf-16")]


def written(path, rows, mark, encoding):
    lines = [rows[0], *(row.values() for row in rows)]
    quoted = [[f'"{value}"' if "," in value else value for value in line] for line in lines]
    path.write_text("\r\n".join(mark.join(line) for line in quoted), encoding, newline="")
    return path


@pytest.mark.parametrize(("mark", "encoding"), WAYS)
def test_every_reader_takes_what_a_spreadsheet_saves(tmp_path, mark, encoding) -> None:
    split = written(tmp_path / "split.csv", ROWS, mark, encoding)
    assert read_rows(split) == ROWS
    assert read_split(split) == {"p0.png": "train", "p1.png": "val"}
    assert read_groups(split) == {"p0.png": "Айгүл, 1", "p1.png": "Їжак"}
    judged = read_table(split, ("file", "split"))
    assert [row for _, row in judged.rows] == ROWS
    assert all(one.severity == "info" for one in judged.findings)

    said = [{"file": "p0.png", "text": "қызыл, дала", "lang": "kk"}]
    captions = written(tmp_path / "captions.csv", said, mark, encoding)
    assert read_captions(captions) == [Caption("p0.png", "қызыл, дала", "kk")]

    save_pictures(tmp_path, 2)
    written(tmp_path / "pairs.csv", [{"a": "p0.png", "b": "p1.png"}], mark, encoding)
    split.unlink()
    pairs = find_pairs(tmp_path, Sources(job="translate"), 0)["train"]
    assert [(pair.lr.name, pair.hr.name) for pair in pairs] == [("p0.png", "p1.png")]


def test_another_encoding_is_one_sentence(tmp_path) -> None:
    path = tmp_path / "split.csv"
    path.write_bytes("file;group;split\na.png;Яна;train\n".encode("cp1251"))
    for read in (read_rows, read_split, read_captions):
        with pytest.raises(UsageError, match=r"split\.csv is not UTF-8 text.*CSV UTF-8"):
            read(path)
    [finding] = read_table(path).findings
    assert (finding.severity, finding.problem) == ("error", "is not UTF-8 text")


def test_rows_of_different_columns_make_one_table(tmp_path) -> None:
    (tmp_path / "t.csv").write_bytes(table([{"a": 1}, {"a": 2, "b": "x;y"}]))
    assert read_rows(tmp_path / "t.csv") == [{"a": "1", "b": ""}, {"a": "2", "b": "x;y"}]
