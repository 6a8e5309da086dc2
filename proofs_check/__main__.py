"""`python -m proofs_check` is `madatheory prove`."""

import sys

from madatheory.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "prove")
    main()
