"""Bands picked, and words for those that are not there."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import picture
from tiny_networks import tiny_model

from beyne.errors import ImageError, UsageError
from beyne.images import Raster
from beyne.predict.fitting import fitted, parse_bands, picked


def test_bands_are_counted_from_one_and_keep_their_order():
    raster = Raster(picture(5, 5, 6))
    bands = parse_bands("3, 2,1")
    assert bands == (3, 2, 1)
    assert np.array_equal(picked(raster, bands).pixels, raster.pixels[..., [2, 1, 0]])
    assert picked(raster, parse_bands("all")) is raster
    assert picked(raster, None) is raster


@pytest.mark.parametrize("text", ["", "0", "1,,2", "red", "-1", "1;2"])
def test_bands_that_are_no_numbers(text):
    with pytest.raises(UsageError, match="--bands"):
        parse_bands(text)


def test_bands_that_are_not_there():
    with pytest.raises(ImageError, match="no band 9 in a picture of 3 bands"):
        picked(Raster(picture(5, 5)), (1, 9))


def test_all_bands_only_if_the_model_takes_so_many():
    card = tiny_model("compact", channels_in=6, channels_out=6).card
    fitted(Raster(picture(5, 5, 6)), card)
    with pytest.raises(ImageError, match="it has 3 bands, and tiny takes 6"):
        fitted(Raster(picture(5, 5, 3)), card)


def test_colours_that_are_grey_go_into_a_model_of_one_band():
    card = tiny_model("compact", channels_in=1, channels_out=1).card
    grey = np.repeat(picture(5, 6, 1), 3, axis=2)
    taken = fitted(Raster(grey, icc=b"of colours"), card)
    assert np.array_equal(taken.pixels, grey[..., :1])
    assert taken.icc is None
    colours = Raster(picture(5, 6))
    with pytest.raises(ImageError, match="it has 3 bands, and tiny takes 1; --bands 1"):
        fitted(colours, card)
    made = {"recipe": {"data": {"layout": "same"}}}
    averaging = card.model_copy(update={"provenance": made})
    assert np.array_equal(
        fitted(colours, averaging).pixels[..., 0], np.rint(colours.pixels.mean(2))
    )
