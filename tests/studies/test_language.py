"""The character GPT: its texts, its batches, its model, and what it refuses."""

import math
import sys
import types
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tolerances import SINGLE

from madatheory.errors import UserError
from madatheory.studies.tasks import language
from madatheory.studies.tasks.language import (
    MINI_GPT,
    batch_of,
    char_gpt,
    corpus,
    corpus_of,
    gram_losses,
    logits_of,
    manual,
    text_file,
    windows_of,
)
from madatheory.studies.tasks.task import Task

SMALL: dict[str, Any] = {"layers": 2, "heads": 2, "width": 8, "context": 12, "batch": 3, "windows": 5}


def spelled(codes: np.ndarray, vocabulary: str) -> str:
    return "".join(vocabulary[i] for i in codes)


def test_the_manual_is_the_text_of_this_python_without_repetitions() -> None:
    from pydoc_data.topics import topics

    text = manual()
    whole = spelled(np.concatenate([text.train, text.valid]), text.vocabulary)
    paragraphs = whole.split("\n\n")
    pages = {part.strip("\n") for page in topics.values() for part in page.split("\n\n")} - {""}
    assert len(paragraphs) == len(set(paragraphs))
    assert set(paragraphs) == pages
    assert len(whole) > 200_000
    assert f"{len(whole):,} characters" in text.summary()
    assert text.digest in text.summary()
    assert manual() is text


def test_a_python_without_the_manual_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", types.ModuleType("pydoc_data.topics"))
    with pytest.raises(UserError, match=r"without pydoc_data\.topics; give a text file with --text"):
        manual.__wrapped__()


LETTERS = 'aAbB09 \t\n\r\u2028.,"\\äßéЖΩ中€\u0301\u200d𝄞😀\x00'
"""Of one to four bytes; a strategy of all characters takes two seconds to begin with."""


@given(st.text(LETTERS, min_size=2).filter(lambda text: len(set(text)) > 1))
def test_a_corpus_keeps_the_text(text: str) -> None:
    found = corpus_of("some", text)
    assert spelled(found.train, found.vocabulary) + spelled(found.valid, found.vocabulary) == text
    assert len(found.train) == 9 * len(text) // 10
    assert list(found.vocabulary) == sorted(set(text))


def test_a_text_file_is_read_as_utf8(tmp_path: Path) -> None:
    file = tmp_path / "some.txt"
    file.write_bytes("\ufeffäöü€ and more".encode())
    found = corpus(file)
    assert found.name == "some.txt"
    assert spelled(np.concatenate([found.train, found.valid]), found.vocabulary) == "äöü€ and more"
    assert found.digest != corpus_of("some.txt", "äöü€ and mora").digest


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"there is no file .*none\.txt; give a text file in UTF-8"),
        (b"abc\xff\xfe", r"none\.txt is not UTF-8 \(byte 3\)"),
        (b"", r"none\.txt is empty"),
        (b"aaaa", r"none\.txt has 4 characters of one kind"),
    ],
)
def test_files_that_are_no_text_are_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "none.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match=message):
        text_file(file)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read"):
        text_file(tmp_path)


def test_short_texts_are_refused_with_what_is_needed() -> None:
    context = SMALL["context"]
    enough = 10 * (context + 2)
    char_gpt(corpus_of("just", "ab" * (enough // 2)), **SMALL)
    # floor(.9 n) leaves context + 1 to judge by
    with pytest.raises(UserError, match=rf"short\.txt has 130 characters, 13 of them to judge by.*more than {enough}"):
        char_gpt(corpus_of("short.txt", "ab" * 65), **SMALL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": 0}, "layers = 0 is out of range: give 1 or more"),
        ({"batch": 0}, "batch = 0"),
        ({"windows": 0}, "windows = 0"),
        ({"heads": 3}, "width = 8 is no multiple of heads = 3"),
        ({"dropout": 1.0}, "dropout = 1 is out of range"),
    ],
)
def test_sizes_out_of_range_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        char_gpt(**{**SMALL, **change})


def test_windows_and_batches_stay_inside_their_part() -> None:
    part, context = np.arange(40, dtype=np.uint8), 12
    rows = windows_of(part, context, 5)
    assert rows.shape == (5, 13)
    assert (rows[0, 0], rows[-1, -1]) == (0, 39)
    assert (np.diff(rows, axis=1) == 1).all()
    assert len(windows_of(part, context, 1000)) == 40 - context
    many = np.asarray(jax.jit(lambda key: batch_of(part, context, 2000, key))(jax.random.key(0)))
    assert (many.min(), many.max()) == (0, 39)
    assert (np.diff(many, axis=1) == 1).all()


class Compiled(NamedTuple):
    """A small task with its functions compiled once: compiling takes longer than everything else here."""

    task: Task
    x: Any
    loss: Callable[..., Any]
    measures: Callable[..., Any]
    logits: Callable[..., Any]


@pytest.fixture(scope="module")
def small() -> Compiled:
    task = char_gpt(**SMALL)
    return Compiled(
        task,
        jax.jit(task.init)(jax.random.key(0)),
        jax.jit(task.loss),
        jax.jit(task.measures),
        jax.jit(lambda x, rows: logits_of(eqx.combine(x, frame(SMALL)), rows, None)),
    )


def frame(sizes: Mapping[str, Any]) -> Any:
    """The layers without their parameters."""
    names = ("layers", "heads", "width", "context")
    build = partial(language.gpt, len(manual().vocabulary), *(sizes[name] for name in names), 0.0)
    made = eqx.filter_eval_shape(build, jax.random.key(0))
    return eqx.partition(made, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))[1]


def test_logits_do_not_depend_on_later_characters(small: Compiled) -> None:
    # larger weights than the initial ones, so that attention is far from uniform
    x = jax.tree.map(lambda leaf: 3 * leaf, small.x)
    rows = np.random.default_rng(2).integers(0, 90, SMALL["context"])
    found = np.asarray(small.logits(x, rows))
    for place in (1, 5, 11):
        other = rows.copy()
        other[place] = (rows[place] + 1) % 90
        changed = np.asarray(small.logits(x, other))
        np.testing.assert_array_equal(found[:place], changed[:place])
        assert (np.abs(found[place:] - changed[place:]).max(axis=1) > 1e-6).all()


def test_positions_matter(small: Compiled) -> None:
    found = np.asarray(small.logits(small.x, np.full(SMALL["context"], 7)))
    assert (np.abs(np.diff(found, axis=0)).max(axis=1) > 1e-6).all()


def test_an_untrained_model_knows_nothing(small: Compiled) -> None:
    uniform = math.log(len(manual().vocabulary))
    found = {**small.measures(small.x), "batch": small.loss(small.x, jax.random.key(3))}
    assert small.task.judged in found
    for name, value in found.items():
        assert abs(float(value) - uniform) < 0.35, name


def test_measures_are_means_over_their_windows(small: Compiled) -> None:
    text, context, found = manual(), SMALL["context"], small.measures(small.x)
    for name, part in (("train_loss", text.train), ("valid_loss", text.valid)):
        losses = []
        for row in windows_of(part, context, SMALL["windows"]):
            logits = np.asarray(small.logits(small.x, row[:-1]), float)
            likely = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
            losses.append(-likely[np.arange(context), row[1:]].mean())
        assert float(found[name]) == pytest.approx(np.mean(losses), rel=SINGLE.tens)


def test_equal_keys_give_equal_runs_and_others_do_not(small: Compiled) -> None:
    init = jax.jit(small.task.init)
    again, other = (jax.tree.leaves(init(jax.random.key(number))) for number in (0, 1))
    leaves = jax.tree.leaves(small.x)
    assert all(np.array_equal(a, b) for a, b in zip(leaves, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(leaves, other, strict=True))
    first, same, different = (float(small.loss(small.x, jax.random.key(number))) for number in (5, 5, 6))
    assert first == same
    assert first != different


def test_only_dropout_is_random_and_no_batch_reaches_the_part_to_judge_by() -> None:
    # all batches are equal, unless one holds a "b", which is only in the part to judge by
    text = corpus_of("pairs", "a" * 135 + "b" * 15)
    sizes = {**SMALL, "layers": 1, "batch": 32}
    plain, dropped = (char_gpt(text, **sizes, dropout=rate) for rate in (0.0, 0.5))
    x = jax.jit(plain.init)(jax.random.key(0))
    for task, different in ((plain, 1), (dropped, 4)):
        loss = jax.jit(task.loss)
        # rounded, as the mean over a batch may differ in its last bit
        assert len({round(float(loss(x, jax.random.key(number))), 5) for number in range(4)}) == different
    measured = [jax.make_jaxpr(task.measures)(x) for task in (plain, dropped)]
    assert str(measured[0]) == str(measured[1])


def test_the_published_setting_has_its_parameters() -> None:
    text = manual()
    task = char_gpt(text, **MINI_GPT)
    shapes = jax.eval_shape(task.init, jax.random.key(0))
    number = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))
    # 12 layers width^2 and 13 norms, embeddings of positions and of characters; the head is the embedding
    assert number == 12 * 6 * 384**2 + 13 * 384 + (256 + len(text.vocabulary)) * 384
    assert 10.7e6 < number < 10.8e6
    assert f"{number:,} parameters" in task.summary


def test_initial_deviations() -> None:
    task = char_gpt(layers=2, heads=2, width=96, context=32)
    x = jax.jit(task.init)(jax.random.key(0))
    for name, matrix, spread in (
        ("embedding", x["embedding"][0].weight, 0.04),
        ("query", x["block 1"].attention.query_proj.weight, 0.04),
        ("up", x["block 0"].up.weight, 0.04),
        ("output", x["block 0"].attention.output_proj.weight, 0.02),
        ("down", x["block 1"].down.weight, 0.02),
    ):
        assert float(matrix.std()) == pytest.approx(spread, rel=0.06), name
    assert (x["norm"].weight == 1).all()


def test_unigram_and_bigram_models() -> None:
    # one pair after the other: the bigram model knows all but what follows the smoothing, the unigram model nothing
    text = corpus_of("ab", "ab" * 5000)
    unigram, bigram = gram_losses(text)
    assert unigram == pytest.approx(math.log(2), rel=1e-6)
    assert bigram == pytest.approx(-math.log((4500 + 0.5) / 4501), rel=0.02)
    rng = np.random.default_rng(0)
    unigram, bigram = gram_losses(corpus_of("random", "".join(rng.choice(list("abcd"), 40_000))))
    assert unigram == pytest.approx(math.log(4), abs=2e-3)
    assert bigram == pytest.approx(math.log(4), abs=2e-3)


def test_training_lowers_the_loss(small: Compiled) -> None:
    @jax.jit
    def step(x: Any, key: Any) -> Any:
        return jax.tree.map(lambda p, g: p - 0.3 * g, x, jax.grad(small.task.loss)(x, key))

    x = small.x
    for number in range(60):
        x = step(x, jax.random.key(number))
    assert float(small.measures(x)["valid_loss"]) < float(small.measures(small.x)["valid_loss"]) - 0.5
