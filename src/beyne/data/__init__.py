"""Data sets: finding files, splitting them, and turning them into batches."""

from beyne.data.crops import Crops, Decoded, decode
from beyne.data.folder import Pair, Sources, find_pairs, fingerprint
from beyne.data.split import make_split, read_groups, read_split, write_split

__all__ = [
    "Crops",
    "Decoded",
    "Pair",
    "Sources",
    "decode",
    "find_pairs",
    "fingerprint",
    "make_split",
    "read_groups",
    "read_split",
    "write_split",
]
