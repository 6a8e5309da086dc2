"""`python -m proofs_check.coq` writes Check.v, which names every theorem, and the table of the README."""

from madatheory.files import write
from proofs_check.coq.build import CHECK, check_source
from proofs_check.coq.readme import README, readme
from proofs_check.coq.sources import FOLDER

write(FOLDER / f"{CHECK}.v", check_source())
write(README, readme())
