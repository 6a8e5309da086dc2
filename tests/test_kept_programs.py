"""What commands compile is kept and found again: the same bits, only where it is safe, and never a word about it."""

import os
import warnings
from dataclasses import replace

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache

import madatheory as mt
from madatheory import xla
from madatheory.cli import options
from madatheory.engine.simulate import simulate

NAMES = (
    "jax_enable_compilation_cache",
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_min_entry_size_bytes",
)
HITS: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def count_hits():
    jax.monitoring.register_event_listener(lambda event, **_: HITS.append(event) if event.endswith("hits") else None)


@pytest.fixture
def folder(tmp_path):
    """A place for programs; afterwards JAX keeps none, as before."""
    before = {name: getattr(jax.config, name) for name in NAMES}
    with warnings.catch_warnings():
        yield tmp_path / "xla"
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()
    HITS.clear()


def kept_in() -> str | None:
    """Where JAX keeps programs."""
    return getattr(jax.config, NAMES[1])


def run() -> bytes:
    """The bits of a short run of objects that this process has not compiled."""
    data = simulate(replace(mt.get_problem("ratio:d=2")), "avgrad", 40)
    return data["mean_squared_gradient"].to_numpy().tobytes()


def test_kept_programs_compute_the_same_bits(folder):
    plain = run()
    assert xla.keep_programs(folder)
    HITS.clear()
    assert run() == plain
    assert not HITS
    assert run() == plain
    assert HITS
    assert not os.stat(folder).st_mode & 0o077


def test_what_is_kept_and_damaged_is_compiled_anew_without_a_word(folder, capfd):
    assert xla.keep_programs(folder)
    plain = run()
    files = list(folder.glob("*/*-cache"))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:100])
    HITS.clear()
    assert run() == plain
    assert not HITS
    assert capfd.readouterr().err == ""


def test_a_processor_whose_xla_complains_of_kept_programs_gets_none(folder, monkeypatch, capfd):
    """As on some with AVX-512, where every program that is found is refused with a line on stderr."""
    jit = jax.jit

    def complaining(*arguments, **options):
        os.write(2, b"E0000 cpu_aot_loader.cc:210] Loading XLA:CPU AOT result. Target machine feature is not supported")
        return jit(*arguments, **options)

    plain = run()
    monkeypatch.setattr(jax, "jit", complaining)
    assert not xla.keep_programs(folder)
    monkeypatch.undo()
    capfd.readouterr()
    HITS.clear()
    assert run() == plain == run()
    assert not HITS
    assert len(list(folder.glob("*/*-cache"))) <= 1  # the trial


def test_places_that_are_not_ours_alone_are_left_out(folder):
    folder.mkdir()
    folder.chmod(0o777)
    assert not xla.keep_programs(folder)
    assert not xla.keep_programs(folder / "no" / "such")
    (folder.parent / "file").write_text("in the way")
    assert not xla.keep_programs(folder.parent / "file")
    assert kept_in() is None


def test_a_folder_of_the_users_own_choice_stays(folder, tmp_path):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "theirs"))
    assert not xla.keep_programs(folder)
    assert not folder.exists()
    assert kept_in() == str(tmp_path / "theirs")


def test_who_wants_no_programs_kept_has_none(folder):
    jax.config.update("jax_enable_compilation_cache", False)
    assert not xla.keep_programs(folder)
    assert not folder.exists()


def test_a_command_that_changes_its_folder_finds_them(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert xla.keep_programs(folder.relative_to(folder.parent))
    assert kept_in() == str(next(folder.iterdir()))


def test_the_oldest_programs_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(xla, "_MOST_BYTES", 100)
    place = tmp_path / "one"
    place.mkdir()
    for age, name in enumerate("abcd"):
        (place / f"{name}-cache").write_bytes(bytes(30))
        os.utime(place / f"{name}-cache", (1000 + age, 1000 + age))
    (place / "other").write_bytes(bytes(500))
    xla._make_room(tmp_path)
    assert sorted(file.name for file in place.iterdir()) == ["d-cache", "other"]


def test_only_a_process_of_a_command_keeps_programs(folder, monkeypatch):
    """Not the library, nor a program that calls a command."""
    run()
    options.open_store(str(folder.parent))
    assert kept_in() is None
    monkeypatch.setattr(options, "_process", ["own"])
    options.open_store(str(folder.parent), computes=False)
    assert kept_in() is None
    monkeypatch.chdir(folder.parent)
    options.open_store(".")
    assert kept_in() == str(next(folder.iterdir()))
