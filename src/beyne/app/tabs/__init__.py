"""The tabs of the page, in their order."""

from collections.abc import Callable

from beyne.app.context import Context
from beyne.app.tabs import compare, generate, illustrate, models, train, translate, upscale

#: Name → what draws it; its words are the table of that name in the catalogues.
TABS: dict[str, Callable[[Context], None]] = {
    "upscale": upscale.build,
    "translate": translate.build,
    "generate": generate.build,
    "illustrate": illustrate.build,
    "train": train.build,
    "compare": compare.build,
    "models": models.build,
}
