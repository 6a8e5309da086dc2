"""The worst instance found for each theorem, one file each, written by `make gallery`."""
