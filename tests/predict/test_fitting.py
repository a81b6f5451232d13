"""Bands picked, and words for those that are not there."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import picture
from tiny_networks import tiny_model

from beyne.errors import ImageError, UsageError
from beyne.images import Raster
from beyne.predict.fitting import check_fit, parse_bands, picked


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
    check_fit(Raster(picture(5, 5, 6)), card)
    with pytest.raises(ImageError, match="it has 3 bands, and tiny takes 6"):
        check_fit(Raster(picture(5, 5, 3)), card)
