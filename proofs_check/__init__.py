"""Which statements of the theory are proved, and by what: `python -m proofs_check`."""
