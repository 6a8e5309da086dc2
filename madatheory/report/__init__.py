"""Pages that a browser shows from one file without a network: what is known of a bound or an optimizer, and the bounds
as live functions."""
