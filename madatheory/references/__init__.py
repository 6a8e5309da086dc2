"""Plain float64 recurrences, typed from each method's own paper and sharing no code with the family.

Each file has `run(x0, gradients, **hyper) -> xs`: start (d,), gradients g_1 .. g_T as (T, d), iterates x_1 .. x_T as
(T, d). A coefficient is a number or a sequence of T numbers (its value at each step); every known variant is a switch.
"""
