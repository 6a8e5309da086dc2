"""Files of runs are read without xarray's detours: the same Dataset, and whatever is not plain is left to xarray."""

import io

import h5py
import numpy as np
import pytest
import xarray as xr

from madatheory.store.files import _plain, netcdf, parse


def run() -> xr.Dataset:
    """Like a chunk: values on a grid with seeds and times, one with an axis without labels, attributes of a file."""
    rng = np.random.default_rng(0)
    variables = {
        "iterate": (("rho", "seed", "t", "coordinate"), rng.normal(size=(2, 3, 2, 4)), {"formula": "x_t"}),
        "count": (("rho", "seed", "t"), rng.integers(9, size=(2, 3, 2)), {"formula": "n"}),
        "single": (("seed",), rng.normal(size=3).astype(np.float32), {"formula": "float32"}),
    }
    axes = {"rho": [0.0, 0.5], "seed": np.arange(5, 8), "t": np.array([1, 20])}
    return xr.Dataset(variables, axes, {"problem": "ratio", "steps": 20, "fixed": "{}", "start": 0.5})


OTHERS = {
    "a coordinate beside the axes": lambda data: data.assign_coords(weight=("seed", [0.2, 0.3, 0.5])),
    "text": lambda data: data.assign(word=("seed", ["a", "b", "c"])),
    "truth": lambda data: data.assign(good=("seed", [True, False, True])),
    "units": lambda data: data.assign(day=("seed", [1.0, 2.0, 3.0], {"units": "days since 2000-01-01"})),
    "several numbers in an attribute": lambda data: data.assign_attrs(start=[1.0, 2.0]),
    "a value without axes": lambda data: data.assign(scale=((), 2.0, {"formula": "c"})),
    "an axis of two kinds": lambda data: data.drop_vars("seed").assign(seed2=(("seed", "t"), np.ones((3, 2)))),
}


def by_xarray(data: bytes) -> xr.Dataset:
    found = xr.load_dataset(io.BytesIO(data), engine="h5netcdf").drop_encoding()
    return found.assign_attrs({k: v.item() if isinstance(v, np.generic) else v for k, v in found.attrs.items()})


def same(found: xr.Dataset, wanted: xr.Dataset) -> bool:
    """Identical, also in the order and the kinds of everything."""
    xr.testing.assert_identical(found, wanted)
    kinds = [[(name, v.dtype, v.dims) for name, v in data.variables.items()] for data in (found, wanted)]
    return sorted(kinds[0], key=str) == sorted(kinds[1], key=str) and list(found.data_vars) == list(wanted.data_vars)


def test_a_run_is_read_as_xarray_reads_it():
    data = netcdf(run())
    with h5py.File(io.BytesIO(data)) as file:
        assert _plain(file) is not None
    assert same(parse(data), by_xarray(data))
    assert parse(data).attrs == run().attrs
    assert list(map(type, parse(data).attrs.values())) == [str, int, str, float]


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_anything_else_is_read_as_xarray_reads_it(other):
    data = netcdf(other(run()))
    assert same(parse(data), by_xarray(data))
