"""The XLA flag that lets the CPU backend compile a whole time loop into one native kernel.

XLA reads it when its CPU backend starts, so it must be in the environment before the first JAX computation. The command
line and the tests set it; the library never touches the environment on import.
"""

import os

KERNEL_LOOP = "xla_cpu_small_while_loop_byte_threshold"
_OPTION = "--xla_backend_extra_options"


def enable_native_loop() -> None:
    """Add the flag to XLA_FLAGS of this process, keeping what is there. Call before the first JAX computation."""
    flags = os.environ.get("XLA_FLAGS", "").split()
    if any(KERNEL_LOOP in flag for flag in flags):
        return
    ours = f"{KERNEL_LOOP}=1000000000"
    for i, flag in enumerate(flags):
        if flag.startswith(f"{_OPTION}="):  # of a repeated option XLA would see only the last
            flags[i] = f"{flag},{ours}"
            break
    else:
        flags.append(f"{_OPTION}={ours}")
    os.environ["XLA_FLAGS"] = " ".join(flags)


def native_loop_enabled() -> bool:
    """Whether the environment carries the flag."""
    return KERNEL_LOOP in os.environ.get("XLA_FLAGS", "")
