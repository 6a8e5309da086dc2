"""`python -m proofs_check.coq` writes Check.v, which names every theorem, and the table of the README."""

from proofs_check.coq.build import CHECK, check_source
from proofs_check.coq.readme import README, readme
from proofs_check.coq.sources import FOLDER

(FOLDER / f"{CHECK}.v").write_text(check_source(), encoding="utf-8")
README.write_text(readme(), encoding="utf-8")
