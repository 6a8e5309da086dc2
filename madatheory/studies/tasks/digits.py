"""A small convolutional network on scikit-learn's 8 x 8 digits."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from madatheory.errors import needs
from madatheory.hparams import whole
from madatheory.studies.tasks.modules import arrays, shapes_and_frame
from madatheory.studies.tasks.task import Array, Key, Parameters, Task


class Images(NamedTuple):
    """Images (n, channels, height, width) and their classes, to train on and to judge by."""

    train: np.ndarray
    train_class: np.ndarray
    valid: np.ndarray
    valid_class: np.ndarray


@cache
def digits(seed: int = 0) -> Images:
    """The 1797 digits with pixels scaled to [0, 1], 1400 to train and 397 to judge, split at random by `seed`."""
    with needs("the digits"):
        import sklearn.datasets  # slow to import

    bundle: Any = sklearn.datasets.load_digits()
    images, classes = bundle["images"].astype(np.float32)[:, None] / 16, bundle["target"].astype(np.int32)
    order = np.random.default_rng(seed).permutation(len(classes))
    first, last = order[:1400], order[1400:]
    return Images(images[first], classes[first], images[last], classes[last])


def classification(
    name: str,
    summary: str,
    images: Images,
    build: Callable[[Key], Any],
    *,
    batch: int,
    cpu_batch: int = 1,
    judged: str = "valid_loss",
) -> Task:
    """The cross-entropy of a network made by `build(key)`, an Equinox module from one image to logits.

    Mini-batches are drawn with replacement. Measures: mean cross-entropy (nats) and error rate on both parts; the part
    to train on is represented by as many images as there are to judge by.
    """
    import equinox as eqx

    n = len(images.train_class)
    batch = whole("batch", batch, 1, n)
    _, frame = shapes_and_frame(build)

    def init(key: Key) -> Parameters:
        return arrays(build(key))

    def logits(x: Parameters, rows: Array) -> Array:
        return jax.vmap(eqx.combine(x, frame))(rows)

    def entropy(x: Parameters, rows: Array, classes: Array) -> tuple[Array, Array]:
        found = logits(x, rows)
        likely = jnp.take_along_axis(jax.nn.log_softmax(found), classes[:, None], axis=1)
        return -jnp.mean(likely), jnp.mean(jnp.argmax(found, axis=1) != classes)

    def loss(x: Parameters, key: Key) -> Array:
        rows = jax.random.randint(key, (batch,), 0, n)
        return entropy(x, jnp.asarray(images.train)[rows], jnp.asarray(images.train_class)[rows])[0]

    def measures(x: Parameters) -> Mapping[str, Array]:
        few = len(images.valid_class)
        train_loss, train_error = entropy(x, jnp.asarray(images.train[:few]), jnp.asarray(images.train_class[:few]))
        valid_loss, valid_error = entropy(x, jnp.asarray(images.valid), jnp.asarray(images.valid_class))
        return {
            "train_loss": train_loss,
            "train_error": train_error,
            "valid_loss": valid_loss,
            "valid_error": valid_error,
        }

    unit = "error rate" if judged.endswith("error") else "nats"
    return Task(name, summary, init, loss, measures, judged, unit, cpu_batch=cpu_batch)


def digits_cnn(width: int = 8, batch: int = 32) -> Task:
    """Two 3 x 3 convolutions (`width`, then twice as many channels at half the resolution) and a linear layer."""
    import equinox as eqx

    def build(key: Key) -> Any:
        first, second, last = jax.random.split(key, 3)
        return eqx.nn.Sequential(
            [
                eqx.nn.Conv2d(1, width, 3, padding=1, key=first),
                eqx.nn.Lambda(jax.nn.relu),
                eqx.nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, key=second),
                eqx.nn.Lambda(jax.nn.relu),
                eqx.nn.Lambda(jnp.ravel),
                eqx.nn.Linear(2 * width * 16, 10, key=last),
            ]
        )

    return classification("digits-cnn", "small CNN on 8 x 8 digits", digits(), build, batch=batch)


def digits_mlp(hidden: int = 32, batch: int = 32) -> Task:
    """One hidden layer of `hidden` units, small enough that whole grids are trained as one vectorized program."""
    import equinox as eqx

    def build(key: Key) -> Any:
        first, last = jax.random.split(key)
        return eqx.nn.Sequential(
            [
                eqx.nn.Lambda(jnp.ravel),
                eqx.nn.Linear(64, hidden, key=first),
                eqx.nn.Lambda(jax.nn.relu),
                eqx.nn.Linear(hidden, 10, key=last),
            ]
        )

    return classification("digits-mlp", "one hidden layer on 8 x 8 digits", digits(), build, batch=batch, cpu_batch=16)
