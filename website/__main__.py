"""`python -m website --out DIR` builds the site: status 0, 1 with the builder's warnings, 2 with a message."""

import argparse
import sys

from madatheory.errors import UserError


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser("python -m website", description="Build the site of the project.")
    parser.add_argument("--out", default="site", metavar="DIR", help="Where the site is written.")
    arguments = parser.parse_args()
    from website.build import build

    try:
        pages, warnings = build(arguments.out)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if warnings:
        print(warnings, file=sys.stderr, end="")
        print(f"error: the site has {len(warnings.splitlines())} warnings, see above", file=sys.stderr)
        return 1
    print(f"{pages} pages written to {arguments.out}; open {arguments.out}/index.html in a browser")
    return 0


if __name__ == "__main__":
    sys.exit(main())
