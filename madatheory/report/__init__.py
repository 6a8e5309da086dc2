"""Reports: what the package knows about a bound or an optimizer, on one page that needs no network."""
