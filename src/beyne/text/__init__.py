"""Encoders of texts, one self-contained file each. A new one is a file and a line in `ENCODERS`."""

from __future__ import annotations

from beyne.config import Kinds
from beyne.text.encoder import TextEncoder, TextEncoderConfig
from beyne.text.label import LabelConfig, LabelEncoder
from beyne.text.sentence import SentenceConfig, SentenceEncoder
from beyne.text.subword import SubwordConfig, SubwordEncoder

#: Kind, as recipes and model files name it → its configuration and class.
ENCODERS = Kinds[TextEncoderConfig, TextEncoder](
    "text",
    {
        "label": (LabelConfig, LabelEncoder),
        "sentence": (SentenceConfig, SentenceEncoder),
        "subword": (SubwordConfig, SubwordEncoder),
    },
)
configured, build = ENCODERS.configured, ENCODERS.build

__all__ = ["ENCODERS", "SubwordEncoder", "TextEncoder", "TextEncoderConfig", "build", "configured"]
