"""Networks on images: data that are there, losses that are right, a folder of CIFAR-10 that is refused early."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tolerances import SINGLE

from madatheory.errors import UserError
from madatheory.studies.tasks.cifar import cifar, cifar_cnn, refuse_missing
from madatheory.studies.tasks.digits import digits, digits_cnn, digits_mlp
from madatheory.studies.tasks.task import Task


def test_the_parts_are_disjoint_and_whole() -> None:
    images = digits()
    assert images.train.shape == (1400, 1, 8, 8)
    assert images.valid.shape == (397, 1, 8, 8)
    assert images.train.min() == 0
    assert images.train.max() == 1
    rows = np.concatenate([images.train, images.valid]).reshape(1797, -1)
    import sklearn.datasets

    bundle: Any = sklearn.datasets.load_digits()
    assert sorted(map(tuple, rows * 16)) == sorted(map(tuple, bundle["data"].astype(np.float32)))


def test_the_loss_is_the_cross_entropy_of_the_batch() -> None:
    task = digits_mlp(4, 5)
    x = task.init(jax.random.key(1))
    key, images = jax.random.key(2), digits()
    rows = np.asarray(jax.random.randint(key, (5,), 0, 1400))
    (first, bias), (last, offset) = [
        tuple(np.asarray(leaf, dtype=float) for leaf in pair)
        for pair in (jax.tree.leaves(x)[:2], jax.tree.leaves(x)[2:])
    ]
    hidden = np.maximum(images.train[rows].reshape(5, -1) @ first.T + bias, 0)
    logits = hidden @ last.T + offset
    likely = logits[np.arange(5), images.train_class[rows]] - np.log(np.exp(logits).sum(axis=1))
    assert float(task.loss(x, key)) == pytest.approx(-likely.mean(), rel=SINGLE.tens)


@pytest.mark.parametrize("task", [digits_mlp(), digits_cnn()], ids=lambda task: task.name)
def test_an_untrained_network_knows_nothing(task: Task) -> None:
    x = task.init(jax.random.key(0))
    found = task.measures(x)
    assert float(found["valid_loss"]) == pytest.approx(np.log(10), abs=0.15)
    assert 0.75 < float(found["valid_error"]) <= 1


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(UserError, match="1400"):
        digits_mlp(batch=1401)


def write_cifar(folder: Path, rows: int = 20) -> None:
    rng = np.random.default_rng(0)
    for name in (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"):
        block = rng.integers(0, 256, (rows, 3073), dtype=np.uint8)
        block[:, 0] %= 10
        (folder / name).write_bytes(block.tobytes())


def test_cifar_is_read_as_planes_and_standardized(tmp_path: Path) -> None:
    write_cifar(tmp_path)
    images = cifar(tmp_path, judged=7)
    raw = np.frombuffer((tmp_path / "data_batch_1.bin").read_bytes(), np.uint8).reshape(20, 3073)
    assert images.train.shape == (100, 3, 32, 32)
    assert images.valid.shape == (7, 3, 32, 32)
    np.testing.assert_array_equal(images.train_class[:20], raw[:, 0])
    np.testing.assert_allclose(images.train.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(images.train.std(axis=(0, 2, 3)), 1, rtol=SINGLE.hundreds)
    # the second row of the green plane of image 3, up to one affine map
    green = raw[3, 1 + 1024 + 32 : 1 + 1024 + 64].astype(float)
    assert np.corrcoef(green, images.train[3, 1, 1])[0, 1] == pytest.approx(1, abs=1e-5)
    task = cifar_cnn(tmp_path, width=4, batch=2)
    x = task.init(jax.random.key(0))
    assert jnp.isfinite(task.loss(x, jax.random.key(1)))


def test_a_wrong_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        refuse_missing(tmp_path / "nowhere")
    write_cifar(tmp_path)
    (tmp_path / "test_batch.bin").write_bytes(b"123")
    with pytest.raises(UserError, match="3 bytes"):
        refuse_missing(tmp_path)
    (tmp_path / "data_batch_3.bin").unlink()
    with pytest.raises(UserError, match=r"data_batch_3\.bin is missing"):
        refuse_missing(tmp_path)
    write_cifar(tmp_path)
    (tmp_path / "data_batch_2.bin").write_bytes(bytes([11]) + bytes(3072))
    with pytest.raises(UserError, match="class 11"):
        cifar(tmp_path)
