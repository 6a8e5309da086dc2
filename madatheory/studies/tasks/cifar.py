"""CIFAR-10 from a folder of the user's, in its binary version (Krizhevsky 2009): nothing is downloaded."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.errors import UserError
from madatheory.studies.tasks.digits import Images, classification
from madatheory.studies.tasks.task import Key, Task

_FILES = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
_LAST = "test_batch.bin"
_BYTES = 1 + 3 * 32 * 32  # class, then the planes red, green and blue


def refuse_missing(folder: Path) -> None:
    """`UserError` unless the folder holds the binary version of CIFAR-10, whole."""
    if not folder.is_dir():
        raise UserError(f"images: {folder} is no folder; give the one with {_FILES[0]}, the binary version of CIFAR-10")
    for name in (*_FILES, _LAST):
        file = folder / name
        if not file.is_file():
            raise UserError(f"images: {file} is missing; give a folder with the binary version of CIFAR-10")
        size = file.stat().st_size
        if size == 0 or size % _BYTES:
            raise UserError(
                f"images: {file} has {size} bytes, no multiple of {_BYTES}: it is not whole, or another file"
            )


def _read(file: Path) -> tuple[np.ndarray, np.ndarray]:
    rows = np.frombuffer(file.read_bytes(), np.uint8).reshape(-1, _BYTES)
    classes = rows[:, 0].astype(np.int32)
    if classes.max() > 9:
        raise UserError(f"images: {file} has class {classes.max()}; CIFAR-10 has 0 to 9")
    return rows[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255, classes


def cifar(folder: Path, judged: int = 2000) -> Images:
    """All images to train on and the first `judged` of the test batch, channels standardized by the training part."""
    refuse_missing(folder)
    parts = [_read(folder / name) for name in _FILES]
    train, classes = (np.concatenate(column) for column in zip(*parts, strict=True))
    valid, valid_classes = _read(folder / _LAST)
    mean, spread = (f(train, axis=(0, 2, 3), keepdims=True) for f in (np.mean, np.std))
    spread = np.where(spread > 0, spread, 1)
    return Images((train - mean) / spread, classes, ((valid - mean) / spread)[:judged], valid_classes[:judged])


def cifar_cnn(folder: Path, width: int = 32, batch: int = 64) -> Task:
    """Three 3 x 3 convolutions, each followed by 2 x 2 pooling, and a linear layer."""
    import equinox as eqx

    def build(key: Key) -> Any:
        keys, layers, channels = jax.random.split(key, 4), [], 3
        for i in range(3):
            layers += [
                eqx.nn.Conv2d(channels, width << i, 3, padding=1, key=keys[i]),
                eqx.nn.Lambda(jax.nn.relu),
                eqx.nn.MaxPool2d(2, 2),
            ]
            channels = width << i
        return eqx.nn.Sequential([*layers, eqx.nn.Lambda(jnp.ravel), eqx.nn.Linear(channels * 16, 10, key=keys[3])])

    return classification("cifar-cnn", "CNN on CIFAR-10", cifar(folder), build, batch=batch)
