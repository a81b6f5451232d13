"""Plots: everything lies where its number says."""

from __future__ import annotations

import math
import re

import pytest
from report_documents import history

from beyne.reports import document as d
from beyne.reports import sections as s
from beyne.reports.histories import curves
from beyne.reports.plots import HEIGHT, WIDTH, Axis, axis, intervals, panel, scatter


@pytest.mark.parametrize("log", [False, True])
def test_an_axis_is_monotone_and_its_ticks_lie_on_it(log) -> None:
    across = axis([0.003, 0.9], 10, 350, log)
    assert across.at(across.low) == 10
    assert across.at(across.high) == 350
    assert across.low < 0.003 < 0.9 < across.high
    ticks = across.ticks
    assert 3 <= len(ticks) <= 10
    assert [tick.at for tick in ticks] == sorted({tick.at for tick in ticks})
    for tick in ticks:
        assert across.at(float(tick.text)) == pytest.approx(tick.at, abs=0.2)


def test_a_logarithmic_axis_gives_every_decade_as_much_room() -> None:
    across = Axis(1e-3, 1e3, 0, 300, log=True)
    assert [across.at(10.0**power) for power in range(-3, 4)] == [0, 50, 100, 150, 200, 250, 300]


@pytest.mark.parametrize("values", [[], [5.0], [0.0, 0.0], [math.nan, 1.0, math.inf]])
def test_an_axis_of_little_has_some_length(values) -> None:
    across = axis(values, 0, 100)
    assert across.low < across.high
    assert 0 < across.at(1.0 if 1.0 in values else (across.low + across.high) / 2) < 100


def chart(*values: float) -> s.Chart:
    return s.Chart("loss", (s.Line("a", tuple(float(i) for i in range(len(values))), values),))


def test_curves_over_more_than_two_decades_are_logarithmic() -> None:
    assert panel(chart(4e-6, 0.03)).y.log
    assert not panel(chart(0.01, 0.9)).y.log
    assert not panel(chart(-1.0, 200.0)).y.log
    assert not panel(chart(0.0, 200.0)).y.log
    fading = [1e-3 * (1 + math.cos(math.pi * i / 1000)) for i in range(1000)]
    assert not panel(chart(*fading)).y.log
    vanishing = [0.03 * 10 ** (-i / 250) for i in range(1000)]
    assert panel(chart(*vanishing)).y.log


def test_only_a_noisy_curve_has_a_running_mean() -> None:
    smooth = [i / 1000 for i in range(1000)]
    noisy = [value + 0.2 * (-1) ** i for i, value in enumerate(smooth)]
    assert panel(chart(*smooth)).curves[0].recorded == ""
    assert panel(chart(*noisy)).curves[0].recorded != ""


def places(path: str) -> list[tuple[float, float]]:
    return [tuple(map(float, pair.split())) for pair in re.split("[ML]", path)[1:]]


def test_a_long_curve_keeps_its_extremes_and_stays_small() -> None:
    values = [math.sin(i / 50) for i in range(20_000)]
    values[7_777], values[12_345] = 9.0, -9.0
    drawn = panel(chart(*values))
    (curve,) = drawn.curves
    heights = [y for _, y in places(curve.recorded)]
    assert min(heights) == drawn.y.at(9.0)
    assert max(heights) == drawn.y.at(-9.0)
    assert len(heights) <= 400
    middle = [y for _, y in places(curve.mean)]
    assert min(middle) > min(heights)


def test_a_short_curve_is_drawn_point_by_point() -> None:
    drawn = panel(chart(1.0, math.nan, 3.0))
    (curve,) = drawn.curves
    assert curve.recorded == ""
    expected = [(drawn.x.at(0), drawn.y.at(1.0)), (drawn.x.at(2), drawn.y.at(3.0))]
    assert places(curve.mean) == expected
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in expected)


def test_whiskers_and_the_line_at_zero() -> None:
    psnr, lpips = d.METRICS["psnr"], d.METRICS["lpips"]
    rows = [
        s.Row("b", (d.Estimate(0.5, 0.2, 0.8), None)),
        s.Row("c", (d.Estimate(math.inf), None)),
        s.Row("d", (d.Estimate(-0.1), d.Estimate(0.02, 0.01, 0.03))),
    ]
    first, second = intervals([psnr, lpips], rows, zero=True)
    b, other = first.rows
    assert (b.arm, other.arm) == ("b", "d")
    assert other.at < first.zero < b.low < b.at < b.high
    assert other.low is None
    assert b.text == "+0.50 [+0.20,\u00a0+0.80]"
    assert second.zero < second.rows[0].low
    assert intervals([psnr], rows, zero=False)[0].zero is None


def test_equal_scores_lie_on_the_diagonal() -> None:
    points = tuple(s.Point(f"{v}.png", v, v) for v in (20.0, 25.0, 31.0))
    drawn = scatter(s.Scatter(d.METRICS["psnr"], "a", "b", (*points, s.Point("x", math.inf, 20.0))))
    assert len(drawn.dots) == 3
    for x, y, title in drawn.dots:
        assert x - drawn.x.start == pytest.approx(drawn.y.start - y, abs=0.11)
        assert title.partition(".png")[0] in ("20.0", "25.0", "31.0")


def test_histories_give_a_duel_for_each_arm_with_a_discriminator() -> None:
    section = curves({"plain": history(0, False, 40), "gan": history(1, True, 40)})
    duels = [c for c in section.charts if c.duel]
    assert [c.name for c in duels] == ["gan"]
    assert [line.name for line in duels[0].lines] == ["discriminator", "adversarial"]
    arms = {c.name: [line.name for line in c.lines] for c in section.charts if not c.duel}
    assert arms == {
        "content": ["plain", "gan"],
        "psnr": ["plain", "gan"],
        "lpips": ["plain", "gan"],
        "discriminator": ["gan"],
        "adversarial": ["gan"],
    }
    alone = curves({"gan": history(1, True, 40)})
    assert [(c.name, c.duel) for c in alone.charts] == [
        ("gan", True),
        ("content", False),
        ("psnr", False),
        ("lpips", False),
    ]
    assert alone.charts[2].lines[0].images == (32_000.0, 64_000.0)
