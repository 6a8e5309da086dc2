"""A character-level GPT on English text: the reference manual that every CPython carries, or a file of the user's."""

import hashlib
import math
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from madatheory.errors import UserError
from madatheory.hparams import Parameter, whole
from madatheory.studies.tasks.modules import shapes_and_frame
from madatheory.studies.tasks.task import Array, Key, Parameters, Task


class Corpus(NamedTuple):
    """A text as numbers of its characters in `vocabulary`: the first 90 % to train on, the rest to judge by.

    `digest` is the start of the SHA-256 of the whole text in UTF-8.
    """

    name: str
    vocabulary: str
    train: np.ndarray
    valid: np.ndarray
    digest: str

    def summary(self) -> str:
        """Which text it was."""
        length = len(self.train) + len(self.valid)
        return f"{self.name}, {length:,} characters ({len(self.vocabulary)} kinds), SHA-256 {self.digest}"


def corpus_of(name: str, text: str) -> Corpus:
    """A text with its sorted characters as vocabulary. Raises `UserError` for fewer than two kinds of characters."""
    vocabulary = "".join(sorted(set(text)))
    if len(vocabulary) < 2:
        kinds = "is empty" if not text else f"has {len(text)} characters of one kind"
        raise UserError(f"text: {name} {kinds}; give a text of at least two kinds of characters")
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    kinds, codes = np.unique(points, return_inverse=True)
    codes = codes.astype(np.min_scalar_type(len(kinds) - 1))
    border = math.floor(0.9 * len(codes))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Corpus(name, vocabulary, codes[:border], codes[border:], digest)


@cache
def manual() -> Corpus:
    """The pages of Python's reference manual in `pydoc_data.topics`, by name; it differs between versions of Python.

    A fifth of it stands there twice, as a page and as a section of a longer one. A paragraph is taken where it stands
    first, or else the part to judge by would hold much of the part to train on. Raises `UserError` where a distribution
    of Python has left the pages out.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise UserError("text: this Python comes without pydoc_data.topics; give a text file with --text") from error
    pages = (topics[name] for name in sorted(topics))
    paragraphs = dict.fromkeys(part.strip("\n") for page in pages for part in page.split("\n\n"))
    return corpus_of("Python's manual", "\n\n".join(filter(None, paragraphs)))


def text_file(file: Path) -> Corpus:
    """A text file in UTF-8. Raises `UserError` if it cannot be read, is not UTF-8 or is empty."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"text: {file} is not UTF-8 (byte {error.start}); convert it, or give another file") from error
    except FileNotFoundError as error:
        raise UserError(f"text: there is no file {file}; give a text file in UTF-8") from error
    except OSError as error:
        raise UserError(f"text: cannot read {file}: {error.strerror}; give a text file in UTF-8") from error
    return corpus_of(file.name, text)


def corpus(text: Path | None = None) -> Corpus:
    """The user's text file, or Python's manual without one."""
    return manual() if text is None else text_file(text)


def gram_losses(text: Corpus) -> tuple[float, float]:
    """Cross-entropy (nats per character) on the part to judge by of the unigram and the bigram model of the other part.

    p(b) = (n_b + 1/V)/(n + 1) and p(b|a) = (n_ab + p(b))/(n_a + 1), with V characters in the vocabulary: counts of the
    part to train on with one more observation, spread as the shorter model has it, so that no probability is 0.
    """
    size = len(text.vocabulary)
    train, valid = text.train.astype(np.int64), text.valid.astype(np.int64)
    single = (np.bincount(train, minlength=size) + 1 / size) / (len(train) + 1)
    pairs = np.bincount(size * train[:-1] + train[1:], minlength=size * size).reshape(size, size)
    double = (pairs + single) / (pairs.sum(axis=1, keepdims=True) + 1)
    return float(-np.log(single[valid[1:]]).mean()), float(-np.log(double[valid[:-1], valid[1:]]).mean())


class Block(NamedTuple):
    """The Equinox layers of one transformer block."""

    first_norm: Any
    attention: Any
    second_norm: Any
    up: Any
    down: Any
    dropout: Any


def gpt(size: int, layers: int, heads: int, width: int, context: int, dropout: float, key: Key) -> dict[str, Any]:
    """The layers of a GPT for `size` kinds of characters: a dict "embedding", "block 0", ..., "norm".

    Pre-norm, learned positions, no biases, hidden layers of 4 width, the token embedding tied to the output: nanoGPT's
    choices. `initial` draws their parameters.
    """
    import equinox as eqx

    def norm() -> Any:
        return eqx.nn.LayerNorm(width, use_bias=False)

    def block(key: Key) -> Block:
        first, second, third = jax.random.split(key, 3)
        attention = eqx.nn.MultiheadAttention(heads, width, dropout_p=dropout, key=first)
        up = eqx.nn.Linear(width, 4 * width, use_bias=False, key=second)
        down = eqx.nn.Linear(4 * width, width, use_bias=False, key=third)
        return Block(norm(), attention, norm(), up, down, eqx.nn.Dropout(dropout))

    keys = jax.random.split(key, layers + 2)
    return {
        "embedding": (eqx.nn.Embedding(size, width, key=keys[0]), eqx.nn.Embedding(context, width, key=keys[1])),
        **{f"block {i}": block(keys[i + 2]) for i in range(layers)},
        "norm": norm(),
    }


def initial(shapes: Parameters, layers: int, width: int, key: Key) -> Parameters:
    """Parameters of the given shapes: vectors, which are the weights of layer norms, are 1, matrices are drawn.

    Matrices are normal with deviation s = .02 sqrt(384/width), the projections into the residual stream with
    s/sqrt(2 layers). At the published width 384 that is nanoGPT's .02; narrower layers with .02 start so small that a
    short training sees little else than their growth.
    """
    paths, structure = jax.tree_util.tree_flatten_with_path(shapes)
    scale = 0.02 * math.sqrt(384 / width)
    sizes = [math.prod(leaf.shape) for _, leaf in paths]
    # one draw for all, as every draw is a program of its own to compile
    chunks = jnp.split(jax.random.normal(key, (sum(sizes),)), np.cumsum(sizes)[:-1])

    def start(path: tuple[object, ...], leaf: jax.ShapeDtypeStruct, chunk: Array) -> Array:
        if leaf.ndim < 2:
            return jnp.ones(leaf.shape, leaf.dtype)
        residual = any(name in jax.tree_util.keystr(path) for name in ("output_proj", ".down"))
        return (scale / math.sqrt(2 * layers) if residual else scale) * chunk.reshape(leaf.shape)

    return structure.unflatten([start(*each, chunk) for each, chunk in zip(paths, chunks, strict=True)])


def logits_of(model: Mapping[str, Any], characters: Array, key: Key | None) -> Array:
    """Logits (context, size) of the characters that follow each of `characters` (context); no dropout without a key."""
    tokens, positions = model["embedding"]
    blocks = [model[f"block {i}"] for i in range(len(model) - 2)]
    length = len(characters)
    mask = jnp.tril(jnp.ones((length, length), bool))
    keys = [None] * (3 * len(blocks) + 1) if key is None else list(jax.random.split(key, 3 * len(blocks) + 1))
    plain = key is None
    x = jax.vmap(tokens)(characters) + positions.weight[:length]
    x = blocks[0].dropout(x, key=keys[-1], inference=plain)
    for i, block in enumerate(blocks):
        first, second, third = keys[3 * i : 3 * i + 3]
        rows = jax.vmap(block.first_norm)(x)
        mixed = block.attention(rows, rows, rows, mask, key=first, inference=plain)
        x = x + block.dropout(mixed, key=second, inference=plain)
        rows = jax.nn.gelu(jax.vmap(block.up)(jax.vmap(block.second_norm)(x)), approximate=False)
        x = x + block.dropout(jax.vmap(block.down)(rows), key=third, inference=plain)
    return jax.vmap(model["norm"])(x) @ tokens.weight.T


def windows_of(part: np.ndarray, context: int, number: int) -> np.ndarray:
    """At most `number` evenly spaced windows of context + 1 characters, from the first to the last of a part."""
    last = len(part) - context - 1
    starts = np.unique(np.linspace(0, last, min(number, last + 1)).astype(np.int64))
    return part[starts[:, None] + np.arange(context + 1)].astype(np.int32)


def batch_of(part: np.ndarray, context: int, batch: int, key: Key) -> Array:
    """(batch, context + 1) characters that follow each other, from starts drawn uniformly with replacement."""
    starts = jax.random.randint(key, (batch,), 0, len(part) - context)
    return jnp.asarray(part)[starts[:, None] + jnp.arange(context + 1)].astype(jnp.int32)


def char_gpt(
    text: Corpus | None = None,
    *,
    layers: int = 2,
    heads: int = 4,
    width: int = 64,
    context: int = 64,
    batch: int = 16,
    dropout: float = 0.0,
    windows: int = 64,
    cpu_batch: int = 1,
    accelerator_batch: int = 64,
) -> Task:
    """The cross-entropy of the next character (nats per character) of a GPT on windows of `context` characters.

    Measures `train_loss` and `valid_loss` without dropout on `windows` fixed, evenly spaced windows of either part.
    Raises `UserError` for sizes out of range and for a text of which a part is not longer than context + 1.
    """
    import equinox as eqx

    text = manual() if text is None else text
    sizes = {"layers": layers, "heads": heads, "width": width, "context": context, "batch": batch, "windows": windows}
    for name, value in sizes.items():
        whole(name, value, 1)
    if width % heads:
        raise UserError(f"width = {width} is no multiple of heads = {heads}")
    Parameter(0.0, 0, 1, open_high=True).refuse("dropout", dropout)
    for part, rows in (("train on", text.train), ("judge by", text.valid)):
        if len(rows) <= context + 1:
            length = len(text.train) + len(text.valid)
            raise UserError(
                f"text: {text.name} has {length} characters, {len(rows)} of them to {part}: each part must be longer "
                f"than context + 1 = {context + 1}; give a text of more than {10 * (context + 2)} characters"
            )
    build = partial(gpt, len(text.vocabulary), layers, heads, width, context, dropout)
    shapes, frame = shapes_and_frame(build)
    judged = windows_of(text.train, context, windows), windows_of(text.valid, context, windows)

    def init(key: Key) -> Parameters:
        return initial(shapes, layers, width, key)

    def entropy(x: Parameters, rows: Array, keys: Array | None) -> Array:
        model = eqx.combine(x, frame)
        found = jax.vmap(partial(logits_of, model), in_axes=(0, None if keys is None else 0))(rows[:, :-1], keys)
        return optax.softmax_cross_entropy_with_integer_labels(found, rows[:, 1:]).mean(axis=1)

    def loss(x: Parameters, key: Key) -> Array:
        draw, drop = jax.random.split(key)
        rows = batch_of(text.train, context, batch, draw)
        return entropy(x, rows, jax.random.split(drop, batch) if dropout else None).mean()

    def measures(x: Parameters) -> Mapping[str, Array]:
        found = entropy(x, jnp.asarray(np.concatenate(judged)), None)  # once, as compiling a GPT takes seconds
        return {"train_loss": found[: len(judged[0])].mean(), "valid_loss": found[len(judged[0]) :].mean()}

    numbers = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))
    summary = f"GPT of {numbers:,} parameters on {text.name}"
    return Task(
        "char-gpt",
        summary,
        init,
        loss,
        measures,
        "valid_loss",
        "nats per character",
        cpu_batch=cpu_batch,
        accelerator_batch=accelerator_batch,
    )


MINI_GPT: Mapping[str, Any] = {
    "layers": 6,
    "heads": 6,
    "width": 384,
    "context": 256,
    "batch": 64,
    "dropout": 0.2,
    "windows": 128,
    "accelerator_batch": 1,
}
"""The published mini-GPT: nanoGPT's settings for characters, judged on 128 windows."""
