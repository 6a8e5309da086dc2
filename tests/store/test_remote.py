"""A store at a URL: in memory of this process, and on a server that speaks S3."""

import os
from collections.abc import Iterator

import pytest
import xarray as xr
from store_cases import run
from typer.testing import CliRunner

from madatheory.cli import app
from madatheory.errors import UserError
from madatheory.store import Store

pytestmark = pytest.mark.needs("fsspec")


@pytest.fixture
def memory() -> Iterator[str]:
    import fsspec

    files = fsspec.filesystem("memory")
    yield "memory://kept"
    if files.exists("/kept"):
        files.rm("/kept", recursive=True)


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    """An S3 server of this process, with one bucket; credentials as boto reads them."""
    import fsspec
    from moto.server import ThreadedMotoServer

    served = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            environment.delenv(name)
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "somebody")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        fsspec.filesystem("s3", skip_instance_cache=True).mkdir("bucket")
        yield
    served.stop()


def there(url: str) -> dict[str, bytes]:
    """The files under a URL, by what follows its name."""
    import fsspec

    files, root = fsspec.core.url_to_fs(url)
    files.invalidate_cache()
    return {path.rpartition("kept")[2]: files.cat_file(path) for path in files.find(root)}


def asks_for_more(url: str) -> None:
    first = Store(url)
    data = run(first, num_trajectories=40)
    assert (first.computed, first.reused) == (1, 0)
    again = Store(url)
    xr.testing.assert_identical(run(again, num_trajectories=40), data)
    assert (again.computed, again.reused) == (0, 1)
    more = Store(url)
    longer = run(more, num_trajectories=50)
    assert (more.computed, more.reused) == (1, 1)
    xr.testing.assert_equal(longer.sel(seed=slice(0, 39)), data)
    assert sum(name.endswith(".nc") for name in there(url)) == 2


def test_what_is_kept_there_is_found_by_another(memory: str, instant: None) -> None:
    asks_for_more(memory)


@pytest.mark.needs("s3fs", "moto")
def test_a_server_of_s3(server: None, instant: None) -> None:
    asks_for_more("s3://bucket/kept")


@pytest.mark.needs("s3fs", "moto")
def test_without_credentials_one_message(server: None, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    from s3fs import S3FileSystem

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    S3FileSystem.clear_instance_cache()
    result = CliRunner().invoke(
        app, ["verify", "--theorem", "T5", "--problem", "ratio", "--store", "s3://bucket/other"]
    )
    assert result.exit_code == 2
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "--store s3://bucket/other" in errors[0]
    assert "credentials" in result.stderr
    S3FileSystem.clear_instance_cache()


def test_what_the_network_cut_is_computed_again_and_mended(memory: str, instant: None) -> None:
    import fsspec

    data = run(Store(memory), num_trajectories=40)
    (name,) = (name for name in there(memory) if name.endswith(".nc"))
    files = fsspec.filesystem("memory")
    whole = files.cat_file(f"/kept{name}")
    files.pipe_file(f"/kept{name}", whole[:100])
    said: list[str] = []
    xr.testing.assert_identical(run(Store(memory, report=said.append), num_trajectories=40), data)
    assert "damaged" in "".join(said)
    assert files.cat_file(f"/kept{name}") == whole


def test_force_list_and_clear_reach_the_url(memory: str, instant: None) -> None:
    run(Store(memory), num_trajectories=40)
    forced = Store(memory, force=True)
    run(forced, num_trajectories=40)
    assert (forced.computed, forced.reused) == (1, 0)
    shown = CliRunner().invoke(app, ["store", "list", "--store", memory])
    assert shown.exit_code == 0
    assert "1 computations" in shown.stdout
    assert CliRunner().invoke(app, ["store", "clear", "--store", memory]).exit_code == 0
    assert [name for name in there(memory) if name.endswith(".nc")] == []
    assert CliRunner().invoke(app, ["store", "clear", "--store", memory, "--days", "3"]).exit_code == 2


def test_a_place_with_other_files_is_refused_and_left(memory: str) -> None:
    import fsspec

    fsspec.filesystem("memory").pipe_file("/kept/thesis.tex", b"years")
    with pytest.raises(UserError, match=r"no store and holds other files \(thesis.tex\)"):
        Store(memory)
    assert list(there(memory)) == ["/thesis.tex"]


def test_a_protocol_that_is_unknown_is_one_message() -> None:
    with pytest.raises(UserError, match=r"--store no-such://place: ValueError: Protocol not known: no-such"):
        Store("no-such://place")
