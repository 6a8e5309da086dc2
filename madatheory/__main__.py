"""`python -m madatheory` is the command line."""

from madatheory.cli import main

if __name__ == "__main__":
    main()
