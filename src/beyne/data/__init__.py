"""Data sets: finding files, splitting them, and turning them into batches."""

from beyne.data.crops import Colours, Crops, Views
from beyne.data.degradations import DEGRADATIONS, DegradationConfig, RealConfig
from beyne.data.folder import (
    find_all,
    find_held_out,
    find_pairs,
    find_split,
    find_unpaired,
    fingerprint,
)
from beyne.data.pairs import Pair, Sources
from beyne.data.pictures import Decoded, Original, decode, read_original
from beyne.data.split import make_split, read_groups, read_split, write_split

__all__ = [
    "DEGRADATIONS",
    "Colours",
    "Crops",
    "Decoded",
    "DegradationConfig",
    "Original",
    "Pair",
    "RealConfig",
    "Sources",
    "Views",
    "decode",
    "find_all",
    "find_held_out",
    "find_pairs",
    "find_split",
    "find_unpaired",
    "fingerprint",
    "make_split",
    "read_groups",
    "read_original",
    "read_split",
    "write_split",
]
