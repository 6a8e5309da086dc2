"""Undocumented options and flags are set where they are taken and left out where refused; no number depends on them."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import jax
import numpy as np
import pytest

import madatheory as mt
from madatheory import xla
from madatheory.engine import flags
from madatheory.engine.backend import llvm
from madatheory.engine.backend.compiled import OPTIONS
from madatheory.engine.simulate import prepare, simulate

pytestmark = pytest.mark.usefixtures("full_compilation")

WRONG = "-no-such-option=1"


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """A cache folder of the test's own, and a version of jaxlib that nobody has tested."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    monkeypatch.setattr(flags, "TESTED", frozenset())
    return tmp_path / "madatheory"


def test_unknown_compile_options_are_left_out():
    wanted = {"xla_llvm_disable_expensive_passes": True, "xla_no_such_option": 3}
    assert xla.accepted(wanted) == {"xla_llvm_disable_expensive_passes": True}
    assert xla.accepted({"xla_no_such_option": 3}) == xla.accepted({}) == {}
    taken = xla.accepted({**OPTIONS, "xla_no_such_option": 3})
    assert {"xla_disable_hlo_passes", "xla_llvm_disable_expensive_passes"} <= taken.keys() <= OPTIONS.keys()
    assert jax.jit(lambda x: x + 1, compiler_options=taken)(1) == 2


def test_options_are_probed_once_by_all_threads_together(monkeypatch):
    compiled, real = [], jax.jit
    monkeypatch.setattr(jax, "jit", lambda *args, **options: compiled.append(args) or real(*args, **options))
    wanted = {"xla_unknown_option": 1, "xla_unknown_option_too": 3}
    threads = [threading.Thread(target=xla.accepted, args=[wanted]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(compiled) == 3  # both together, then each alone


def test_this_jaxlib_compiles_the_loop_into_one_kernel():
    """An unknown key among the extra options is ignored, so only the program itself shows that the flag still works."""
    job = prepare(mt.get_problem("ratio:d=3"), mt.get_optimizer("adam"), 100).job(range(1))
    with jax.enable_x64(job.dtype == "float64"):
        batch = job.source.batch(0, job.width(1))
        program = job.programs.get(jax.devices("cpu")[0], batch, job.times, job.horizon)
    assert 'xla_cpu_small_call="true"' in program.advance.as_text()


def test_llvm_options_are_set_for_tested_versions_only(monkeypatch, cache):
    tried = []
    monkeypatch.setattr(llvm, "_compiles", lambda options: tried.append(options) or WRONG not in options)
    monkeypatch.setattr(flags, "LLVM", ("-good=1", WRONG))
    flags.enable_native_loop()
    assert os.environ["XLA_FLAGS"].endswith(f"{flags.KERNEL_LOOP}=1000000000,-good=1")
    assert tried == [("-good=1", WRONG), (), ("-good=1",), (WRONG,)]

    for known in ({flags.version("jaxlib")}, set()):  # no process, be the version in the list or in the file
        monkeypatch.delenv("XLA_FLAGS")
        monkeypatch.setattr(flags, "TESTED", known)
        flags.enable_native_loop()
        assert os.environ["XLA_FLAGS"].endswith(",-good=1" + f",{WRONG}" * bool(known))
    assert len(tried) == 4


def test_the_pinned_version_is_tested():
    """What the constraints install starts without a process of its own; a release made after that may need one."""
    lines = (Path(__file__).parents[1] / "constraints.txt").read_text().splitlines()
    (pinned,) = (line.removeprefix("jaxlib==") for line in lines if line.startswith("jaxlib=="))
    assert pinned in flags.TESTED


@pytest.mark.parametrize("content", ["", "[1]", '{"-good=1": 3}', "\x00", None])
def test_a_damaged_file_of_what_was_found_is_written_anew(monkeypatch, cache, content):
    monkeypatch.setattr(llvm, "_compiles", lambda options: True)
    assert llvm.taken(["-good=1"], "9.9") == ("-good=1",)
    (file,) = cache.iterdir()
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    assert llvm.taken(["-good=1"], "9.9") == ("-good=1",)
    assert json.loads(file.read_text()) == {"-good=1": True}


def test_nothing_is_tried_where_nothing_can_be_kept(monkeypatch, cache):
    cache.write_text("a file where the folder should be")
    monkeypatch.setattr(llvm, "_compiles", lambda options: pytest.fail("tried"))
    assert llvm.taken(["-good=1"], "9.9") == ()
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert llvm.taken(["-good=1"], "9.9") == ()


def test_what_says_nothing_about_the_options_is_not_kept(monkeypatch, cache):
    def fails(options):
        raise subprocess.TimeoutExpired("python", 1)

    for broken in (fails, lambda options: False):  # too slow, and no JAX in a process of its own
        monkeypatch.setattr(llvm, "_compiles", broken)
        assert llvm.taken(["-good=1"], "9.9") == ()
        assert [json.loads(file.read_text()) for file in cache.iterdir()] == [{}]


def test_an_unknown_option_ends_only_the_process_that_tries_it(cache):
    """Two processes that import JAX: nothing less shows what LLVM does."""
    assert llvm._compiles(flags.LLVM)
    assert not llvm._compiles((WRONG,))


def test_numbers_are_right_without_any_flag():
    """A process that imports JAX without flags; the rounding may differ, by 1e-6 of the values."""
    code = (
        "import madatheory as mt\nfrom madatheory.engine.simulate import simulate\n"
        "problem = mt.get_problem('ratio:d=3,noise=gaussian')\n"
        "data = simulate(problem, mt.get_optimizer('adam'), 200, num_trajectories=6)\n"
        "print(data.path, *data.mean_squared_gradient.values.ravel().tolist(), sep='\\n')"
    )
    environment = {key: value for key, value in os.environ.items() if key != "XLA_FLAGS"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    path, *values = done.stdout.splitlines()
    assert path == "plain loop (the XLA flag is missing)"
    data = simulate(mt.get_problem("ratio:d=3,noise=gaussian"), mt.get_optimizer("adam"), 200, num_trajectories=6)
    assert data.path == "one kernel"
    np.testing.assert_allclose(np.array(values, float), data.mean_squared_gradient.values.ravel(), rtol=1e-6)
