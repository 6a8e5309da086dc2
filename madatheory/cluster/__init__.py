"""Chunks of the store on the workers of a Dask cluster; nothing here is imported unless a command is given one."""

from madatheory.cluster.connect import cluster as cluster

__all__ = ["cluster"]
