"""The guides for SLURM and Kubernetes: scripts parse, every option of Dask is one, the yaml is what the operator reads.

Neither sbatch nor kubectl is at hand: their own options are not tested.
"""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

import madatheory

pytestmark = pytest.mark.needs("distributed")
PAGE = (Path(madatheory.__file__).parents[1] / "docs" / "cluster.md").read_text(encoding="utf-8")
GUIDE = PAGE.partition("## SLURM")[2]


def blocks(kind: str, text: str = PAGE) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.S | re.M)


def refused(words: list[str]) -> str:
    """Why Dask does not take a command line, "" where it does; nothing is started."""
    import click
    from distributed.cli import dask_scheduler, dask_worker

    command: click.Command = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}[words[1]]
    try:
        command.make_context(words[1], words[2:]).close()
    except click.UsageError as error:
        return error.format_message()
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    # Dask hands on what it does not know to modules that it loads before
    return " ".join(word for word in words if word.startswith("-") and word not in known)


def dask_lines(script: str) -> list[list[str]]:
    """The commands of Dask in a script, from `dask` on."""
    found = re.findall(r"\bdask (?:scheduler|worker).*", script)
    return [shlex.split(line.removesuffix("&")) for line in found]


def container(part: str) -> dict[str, Any]:
    import yaml

    (one,) = yaml.safe_load(blocks("yaml")[0])["spec"][part]["spec"]["containers"]
    return one


@pytest.mark.parametrize("script", blocks("bash"))
def test_a_script_parses_and_its_options_are_dasks(script: str) -> None:
    ran = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [refused(words) for words in dask_lines(script)] == [""] * len(dask_lines(script))


def test_the_job_of_slurm_starts_all_three() -> None:
    (script,) = blocks("bash", GUIDE.partition("## Kubernetes")[0])
    assert script.startswith("#!/bin/bash\n#SBATCH ")
    scheduler, worker = dask_lines(script)
    assert (scheduler[1], worker[1]) == ("scheduler", "worker")
    port = scheduler[scheduler.index("--port") + 1]
    assert worker[2].endswith(f":{port}")
    assert re.search(rf'^madatheory verify --cluster "tcp://\S+:{port}"', script, re.M)


def test_what_dask_does_not_take_is_seen() -> None:
    assert refused(["dask", "worker", "--nthread", "1"])
    assert "nonsense" in refused(["dask", "scheduler", "--nonsense"])
    assert "four" in refused(["dask", "worker", "--nthreads", "four"])


def test_the_cluster_of_kubernetes_is_what_the_operator_reads() -> None:
    import yaml

    (text,) = blocks("yaml")
    whole = yaml.safe_load(text)
    assert (whole["apiVersion"], whole["kind"]) == ("kubernetes.dask.org/v1", "DaskCluster")
    name, spec = whole["metadata"]["name"], whole["spec"]
    assert all(isinstance(word, str) for part in ("worker", "scheduler") for word in container(part)["args"])
    assert [refused(container(part)["args"]) for part in ("worker", "scheduler")] == ["", ""]
    assert [one["value"] for one in container("scheduler")["env"]] == ["1"]
    ports = {one["name"]: one["containerPort"] for one in container("scheduler")["ports"]}
    service = {one["targetPort"]: one["port"] for one in spec["scheduler"]["service"]["ports"]}
    assert service == ports == {"tcp-comm": 8786, "http-dashboard": 8787}  # the names by which the operator asks
    chosen = spec["scheduler"]["service"]["selector"]
    assert chosen == {"dask.org/cluster-name": name, "dask.org/component": "scheduler"}
    (script,) = blocks("bash", GUIDE.partition("## Kubernetes")[2].partition("## What it costs")[0])
    assert f"tcp://{name}-scheduler:{ports['tcp-comm']} " in script


def test_the_scheduler_reads_how_many_deaths_are_too_many() -> None:
    """The variable of the guides is the setting that `local:N` sets."""
    import dask.config

    from madatheory.cluster.connect import DEATHS

    (variable,) = set(re.findall(r"\bDASK_DISTRIBUTED__\w+", PAGE))
    assert set(re.findall(rf"{variable}=(\d+)", PAGE)) == {str(DEATHS - 1)}
    read = dask.config.collect_env({variable: "2"})
    assert dask.config.get("distributed.scheduler.allowed-failures", config=read) == 2
