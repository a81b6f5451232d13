"""Data sets: finding files, splitting them, and turning them into batches."""

from beyne.data.crops import Crops
from beyne.data.degradations import DEGRADATIONS, DegradationConfig, RealConfig
from beyne.data.folder import Pair, Sources, find_all, find_held_out, find_pairs, fingerprint
from beyne.data.pictures import Decoded, Original, decode, read_original
from beyne.data.split import make_split, read_groups, read_split, write_split

__all__ = [
    "DEGRADATIONS",
    "Crops",
    "Decoded",
    "DegradationConfig",
    "Original",
    "Pair",
    "RealConfig",
    "Sources",
    "decode",
    "find_all",
    "find_held_out",
    "find_pairs",
    "fingerprint",
    "make_split",
    "read_groups",
    "read_original",
    "read_split",
    "write_split",
]
