"""The generator of DCGAN (Radford et al. 2015, arXiv 1511.06434, figure 1): the plain baseline."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor, nn

from beyne.generators.blocks import Generator, GeneratorConfig, as_image


class DCGANConfig(GeneratorConfig):
    """Sizes of `DCGAN`."""

    features: int = Field(64, ge=1, description="channels before the last layer, doubling inwards")


class DCGAN(Generator):
    """Transposed 4×4 convolutions with batch norm and ReLU, tanh at the end."""

    def __init__(self, config: DCGANConfig) -> None:
        super().__init__(config)
        width = config.features * 2 ** (config.doublings - 1)
        layers = [_enlarging(nn.ConvTranspose2d(config.latent, width, config.start, bias=False))]
        for _ in range(config.doublings - 1):
            layers.append(
                _enlarging(nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False)),
            )
            width //= 2
        self.enlarge = nn.Sequential(*layers)
        self.last = nn.ConvTranspose2d(width, config.channels, 4, 2, 1)
        for layer in self.modules():
            if isinstance(layer, nn.ConvTranspose2d):
                nn.init.normal_(layer.weight, std=0.02)

    def paint(self, latent: Tensor, asked: Tensor | None = None) -> Tensor:
        """See `Generator`; what is asked for comes in with the latent alone."""
        return as_image(self.last, self.enlarge(latent[..., None, None]))


def _enlarging(convolution: nn.ConvTranspose2d) -> nn.Sequential:
    norm = nn.BatchNorm2d(convolution.out_channels)
    nn.init.normal_(norm.weight, mean=1, std=0.02)
    return nn.Sequential(convolution, norm, nn.ReLU())
