"""`python -m proofs_check` is `madatheory prove`."""

import sys

from madatheory.__main__ import main

if __name__ == "__main__":
    sys.argv.insert(1, "prove")
    main()
