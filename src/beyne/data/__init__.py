"""Data sets: finding files, splitting them, and turning them into batches."""

from beyne.data.captions import Caption, find_captions, read_captions
from beyne.data.crops import Colours, Crops, Views
from beyne.data.degradations import DEGRADATIONS, DegradationConfig, RealConfig
from beyne.data.folder import (
    check_partners,
    content_of,
    find_all,
    find_held_out,
    find_pairs,
    find_split,
    find_unpaired,
    fingerprint,
)
from beyne.data.pairs import Pair, Sources
from beyne.data.pictures import Decoded, Original, decode, read_original, read_whole
from beyne.data.split import make_split, read_contents, read_groups, read_split, write_split
from beyne.data.wholes import Wholes, class_of, classes_of

__all__ = [
    "DEGRADATIONS",
    "Caption",
    "Colours",
    "Crops",
    "Decoded",
    "DegradationConfig",
    "Original",
    "Pair",
    "RealConfig",
    "Sources",
    "Views",
    "Wholes",
    "check_partners",
    "class_of",
    "classes_of",
    "content_of",
    "decode",
    "find_all",
    "find_captions",
    "find_held_out",
    "find_pairs",
    "find_split",
    "find_unpaired",
    "fingerprint",
    "make_split",
    "read_captions",
    "read_contents",
    "read_groups",
    "read_original",
    "read_split",
    "read_whole",
    "write_split",
]
