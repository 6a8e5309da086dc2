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


FIXED_POINTS = "F1,F2,F3,F6"
# What must hold of each and not merely be inapplicable: where a moment is wrong, its laws are found not to apply.
LAWS = {
    "adam:form=practical": "R1,R3,R11,E8,E11,E12,B1,B1b,B2,C1,C2,C3,F8",
    "amsgrad:form=practical": "R1,R3,R7,R8,R11,E7,E12,B1,B1b,C1,C2,C3,F8",
    "avgrad:form=practical": "R1,R3,R4,R5,R6,R8,R10,R11,E6,E12,B5,C1,F8",
    "avgrad:form=practical,correction=exact": "R4,R5,R6,R8,R10,R11,E6,B5,C1,C2",
    "adagrad:form=practical": "R7,R11,E12,B8,C1,C5",
    "rmsprop:form=practical": "R1,R11,E12,B2,C5,F8",
    "rmsprop:form=practical,correction=true": "R1,R11,E8,E11,E12,B2,C1,C2,F8",
    "yogi:form=practical": "R2,R3,R11,E12,B7,C1,F8",
    "adan:form=practical": "E10,E12,E14,C1,C2,F8",
    "lion:form=practical": "E9,E12,B3,C1,C2,C5,C6,F5,F8",
    "lion:order=new": "E9,E12,B3,C6",
    "adam-amsgrad:form=practical": "R3,R9,E1,E2,E12,C1,C2",
    "mada-family:form=practical": "R1,R3,R9,R11,E1,E2,E3,E4,E5,E8,E11,E12,B1,B1b,B2,B4,C1,C2,C3,F8",
    "mada-family:convention=published": "R9,E4,E13,B4",
    "adam:form=theory": "R1,R3,R11,B2,C5",
}


@pytest.mark.parametrize("spec", LAWS)
def test_the_laws_of_our_own_optimizers_hold(spec: str) -> None:
    report = check(f"madatheory:{spec}", only=f"{LAWS[spec]},{FIXED_POINTS}", profile="quick", limit=120)
    assert not report.problem
    wrong = {o.code: o.detail for o in report.outcomes if o.status != "pass"}
    assert {*wrong} == {o.code for o in report.outcomes} & {*XFAIL.get(spec, {})}, wrong


@pytest.mark.slow
@pytest.mark.parametrize("spec", specs())
def test_own_optimizers_pass_everything(spec: str) -> None:
    report = check(spec, profile="default", limit=120)
    assert not report.problem
    expected = XFAIL.get(spec.removeprefix("madatheory:"), {})
    assert {o.code for o in report.failures} == {*expected}, [(o.code, o.detail) for o in report.failures]


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


def test_exchanged_betas_of_lion_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """E5 on the family's Lion end, told that its betas are the other way round."""
    from madatheory.identities.laws import family

    monkeypatch.setattr(family, "LION", family.LION[::-1])
    report = check("madatheory:mada-family:form=practical", only="E5")
    assert [o.status for o in report.outcomes] == ["FAIL"]
