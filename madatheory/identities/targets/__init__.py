"""One file per framework: how its optimizers become a `Target`."""
