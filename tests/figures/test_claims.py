"""A claim says whether it holds by a truth value and by numbers; a figure claims something."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import xarray as xr

from madatheory.errors import UserError
from madatheory.figures.figure import Claim, Figure, Run
from madatheory.figures.render import render


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no more than 3", "no", "2.5"), "claim 'no more than 3': holds = 'no': give True or False"),
        (("it holds", 1, "2.5"), "holds = 1"),
        (("it holds", np.array([True]), "2.5"), r"holds = array\(\[ True\]\)"),
        (("it holds", None, "2.5"), "holds = None"),
        ((" ", True, "2.5"), "text = ' '"),
        ((3, True, "2.5"), "text = 3"),
        (("it holds", True, 2.5), r"detail = 2\.5"),
        (("no more than 3", not np.nan > 3, f"{np.nan:.3g}"), r"holds although a number that decides is nan"),
    ],
)
def test_a_claim_that_could_pass_for_held_is_refused(arguments: tuple[Any, Any, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Claim(*arguments)


def test_a_claim_of_numpy_numbers_and_one_that_fails_by_nan() -> None:
    assert Claim("below", cast(bool, np.float64(1) < 2), "1 of nanometres").holds is True
    assert Claim("below", bool(np.nan < 2), "nan").holds is False


@pytest.mark.parametrize("claims", [[], [("it holds", True, "")], ["it holds"]])
def test_a_figure_without_claims_is_refused(claims: list[Any], tmp_path: Path) -> None:
    def nothing(*_: Any, **__: Any) -> xr.Dataset:
        raise AssertionError("nothing is computed")

    plain = Figure("plain", "title", lambda run: {}, lambda n: claims, lambda canvas, n: None, lambda n: "caption")
    with pytest.raises(UserError, match=r"figure 'plain', its claims: .*returns a list of Claims"):
        render(plain, Run("smoke", 0, nothing, nothing), tmp_path, {})
    assert list(tmp_path.iterdir()) == []
