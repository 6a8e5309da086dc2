"""Pages that a browser shows from one file: what is known of a bound, and the bounds themselves as live functions."""
