"""The package's own optimizers pass whatever applies to them; traits are detected as the recurrences say."""

import pytest

from madatheory.errors import UserError
from madatheory.identities import check, find
from madatheory.identities.check import opened
from madatheory.identities.report.conformance import declared
from madatheory.identities.report.outcome import Request
from madatheory.identities.targets.built_in import XFAIL, factory, specs

MOMENTS = {
    "average of squares",
    "maximum of squares",
    "mean of averages",
    "yogi squares",
    "sum of squares",
    "corrected squares",
    "average of gradients",
    "gradient difference",
    "trust ratio",
}
_ADAM = {"corrected squares", "average of gradients"}
KEPT = {
    "optax:adam": {"average of squares", *_ADAM},
    "optax:amsgrad": {"maximum of squares", *_ADAM},
    "optax:yogi": {"yogi squares", *_ADAM},
    "optax:rmsprop": {"average of squares"},
    "optax:adagrad": {"sum of squares"},
    "optax:adan": {"gradient difference", "corrected squares"},
    "optax:lamb": {"trust ratio", "corrected squares"},  # from x0 = 0 the first step is not rescaled
    "optax:adabelief": set(),
    "optax:sgd": set(),
    "madatheory:avgrad:form=practical": {"mean of averages", *_ADAM},
    "madatheory:rmsprop:form=practical": {"average of squares"},
}


@pytest.mark.parametrize("spec", KEPT)
def test_moments_are_read_off_the_path(spec: str) -> None:
    traits = opened(find(spec), Request(traits=dict.fromkeys(UNASKED, False))).traits
    assert {name for name in MOMENTS if traits[name].present} == KEPT[spec]


UNASKED = ("complex as pairs", "takes complex", "shapeless", "tensorwise", "steady", "timeless")  # other tests' matter


def passes(spec: str, only: str | None, profile: str) -> None:
    expected = XFAIL.get(spec.removeprefix("madatheory:"), {})
    report = check(spec, only=only, profile=profile, limit=120)
    assert not report.problem
    assert {o.code for o in report.failures} == {
        code for code in expected if only is None or code.rstrip("0123456789") in only.split(",")
    }, [(o.code, o.detail) for o in report.failures]


@pytest.mark.parametrize(
    "spec",
    [
        "madatheory:mada-family:form=practical",
        "madatheory:adam-amsgrad:form=practical",
        "madatheory:avgrad:form=practical,correction=exact",
        "madatheory:adan:form=practical",
        "madatheory:yogi:form=practical",
        "madatheory:lion:order=new",
    ],
)
def test_own_optimizers_pass_what_is_about_moments_equivalences_and_bounds(spec: str) -> None:
    passes(spec, "R,E,B", "quick")


@pytest.mark.slow
@pytest.mark.parametrize("spec", specs())
def test_own_optimizers_pass_everything(spec: str) -> None:
    passes(spec, None, "default")


def test_learned_coefficients_are_no_settings_and_ranges_are_kept() -> None:
    mada = find("madatheory:mada")
    assert not {"beta1", "beta2", "beta3", "rho", "c", "gamma"} & mada.settable
    assert {"rho", "c", "gamma"} <= find("madatheory:mada-family:form=practical").settable
    assert not {"rho", "c", "gamma"} & find("optax:adadelta").settable  # its rho is another
    factory("adam:form=theory")(eps=0.0)
    with pytest.raises(UserError, match="beta1"):
        factory("adam:form=practical")(beta1=1.5)


def test_declared_exceptions_name_what_exists() -> None:
    assert {f"madatheory:{spec}" for spec in XFAIL} <= set(specs())


def test_what_is_declared_is_judged_by_design() -> None:
    """One note for each reason; the conformance page shows it, and nothing else of ours may fail."""
    notes = declared()
    found = {(name, code): note.why for note in notes for name in note.targets for code in note.identities}
    assert found == {
        (f"madatheory:{name}", code): why for name, reasons in XFAIL.items() for code, why in reasons.items()
    }
    assert {note.verdict for note in notes} == {"by design"}
