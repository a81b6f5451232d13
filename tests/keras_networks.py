"""Keras' own networks with random weights: independent judges of ours."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

os.environ["KERAS_BACKEND"] = "torch"

import h5py
import keras
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

#: Our name → Keras' function and its way of preparing pictures.
NETWORKS = {
    "mobilenet_v2": (keras.applications.MobileNetV2, keras.applications.mobilenet_v2),
    "resnet152_v2": (keras.applications.ResNet152V2, keras.applications.resnet_v2),
    "vgg19": (keras.applications.VGG19, keras.applications.vgg19),
}


def random_network(name: str, height: int, width: int) -> keras.Model:
    """The network without classifier; every weight random, normalisation statistics too."""
    network = NETWORKS[name][0](include_top=False, weights=None, input_shape=(height, width, 3))
    random = np.random.default_rng(0)
    for layer in network.layers:
        shapes = [weight.shape for weight in layer.weights]
        if isinstance(layer, keras.layers.BatchNormalization):
            lows_and_highs = ((0.5, 1.5), (-0.2, 0.2), (-0.2, 0.2), (0.5, 1.5))
            values = [
                random.uniform(*span, shape)
                for span, shape in zip(lows_and_highs, shapes, strict=True)
            ]
        else:  # kernels and biases: the spread keeps the signal alive through fifty layers
            values = [
                random.standard_normal(shape, np.float32) * (2 / max(9, np.prod(shape[:-1]))) ** 0.5
                for shape in shapes
            ]
        layer.set_weights(values)
    return network


def activations(network: keras.Model, name: str, image: np.ndarray) -> dict[str, np.ndarray]:
    """Keras layer → its output ``(N, F, h, w)`` for ``(N, H, W, 3)`` in [0, 1]."""
    layers = [layer.name for layer in network.layers[1:]]
    probe = keras.Model(network.input, [network.get_layer(layer).output for layer in layers])
    outputs = probe(NETWORKS[name][1].preprocess_input(image * 255.0))
    found = (keras.ops.convert_to_numpy(output) for output in outputs)
    return {n: o.transpose(0, 3, 1, 2) for n, o in zip(layers, found, strict=True)}


def write_published(network: keras.Model, path: Path) -> None:
    """A file in the layout of those that keras-applications publishes."""
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, network)


def write_renamed(network: keras.Model, path: Path) -> None:
    """A whole network under other names in the same order, as the oldest files have it."""
    layers = [layer.get_weights() for layer in network.layers if layer.weights]
    layers.append([np.zeros((4, 1000), np.float32), np.zeros(1000, np.float32)])  # classifier
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [f"layer_{index}".encode() for index in range(len(layers))]
        for index, weights in enumerate(layers):
            group = file.create_group(f"layer_{index}")
            names = [f"layer_{index}_W_{number}:0" for number in range(len(weights))]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, weights, strict=True):
                group[name] = weight
