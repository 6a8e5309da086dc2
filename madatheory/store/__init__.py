"""Finished work that is kept: what identifies a computation, files that can be trusted, and the store itself."""

from madatheory.store.cache_key import canonical as canonical
from madatheory.store.cache_key import describe as describe
from madatheory.store.cache_key import environment as environment
from madatheory.store.files import StoreWarning as StoreWarning
from madatheory.store.files import save_run as save_run
from madatheory.store.folder import StoredRun as StoredRun
from madatheory.store.store import Store as Store
