"""The public names: type checkers read them here, and the package imports each from here when it is first used."""

from .engine.flags import enable_native_loop as enable_native_loop
from .engine.simulate import simulate as simulate
from .engine.statistic import Statistic as Statistic
from .errors import UserError as UserError
from .figures.catalogue import list_figures as list_figures
from .figures.figure import Claim as Claim
from .figures.figure import Figure as Figure
from .hparams import Parameter as Parameter
from .identities.check import check as check
from .identities.recognition.identify import identify as identify
from .identities.runner.plugin import suite as suite
from .optimizers.catalogue import OptimizerEntry as OptimizerEntry
from .optimizers.catalogue import get_optimizer as get_optimizer
from .optimizers.catalogue import list_optimizers as list_optimizers
from .optimizers.family import member as member
from .optimizers.optax_form import as_optax as as_optax
from .optimizers.optax_form import from_optax as from_optax
from .optimizers.optimizer import Optimizer as Optimizer
from .optimizers.optimizer import Step as Step
from .optimizers.request import Descent as Descent
from .problems.catalogue import ProblemEntry as ProblemEntry
from .problems.catalogue import get_problem as get_problem
from .problems.catalogue import list_problems as list_problems
from .problems.problem import Constant as Constant
from .problems.problem import Problem as Problem
from .problems.separable import separable as separable
from .theory import conditions as conditions
from .theory import terms as terms
from .theory.catalogue import get_theorem as get_theorem
from .theory.catalogue import list_lemmas as list_lemmas
from .theory.catalogue import list_theorems as list_theorems
from .theory.lemma import Lemma as Lemma
from .theory.quantities import Quantities as Quantities
from .theory.theorem import Condition as Condition
from .theory.theorem import Level as Level
from .theory.theorem import Setting as Setting
from .theory.theorem import Theorem as Theorem
from .theory.verdict import Verdict as Verdict
from .theory.verify import verify as verify
from .training.baselines import badam as badam
from .training.baselines import hyperadam as hyperadam
from .training.transformation import coefficients as coefficients
from .training.transformation import mada as mada
from .training.transformation import scale_by_mada as scale_by_mada

__version__: str
