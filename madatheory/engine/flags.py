"""The XLA flags that let the CPU backend compile a whole time loop into one fast native kernel.

XLA reads them when its CPU backend starts, so they must be in the environment before the first JAX computation. The
command line and the tests set them; the library never touches the environment on import. Without them all numbers are
right and the loop is several times slower.

    KERNEL_LOOP                    loops with a state below so many bytes become one kernel
    -force-vector-interleave=2     LLVM: two vectors at a time, which hides the latency of the noise generator
    -unroll-full-max-count=12      LLVM: keeps loops over 16 and 32 lanes loops, so that they become vector code

An option unknown to LLVM would end the process, so its two are set for the series of jaxlib they were tested with.
"""

import os
from importlib.metadata import version

KERNEL_LOOP = "xla_cpu_small_while_loop_byte_threshold"
_OPTION = "--xla_backend_extra_options"
_LLVM = ("-force-vector-interleave=2", "-unroll-full-max-count=12")
_LLVM_TESTED = "0.10."


def enable_native_loop() -> None:
    """Add the flags to XLA_FLAGS of this process, keeping what is there. Call before the first JAX computation."""
    flags = os.environ.get("XLA_FLAGS", "").split()
    if any(KERNEL_LOOP in flag for flag in flags):
        return
    ours = f"{KERNEL_LOOP}=1000000000"
    if version("jaxlib").startswith(_LLVM_TESTED):
        ours = ",".join((ours, *_LLVM))
    for i, flag in enumerate(flags):
        if flag.startswith(f"{_OPTION}="):  # of a repeated option XLA would see only the last
            flags[i] = f"{flag},{ours}"
            break
    else:
        flags.append(f"{_OPTION}={ours}")
    os.environ["XLA_FLAGS"] = " ".join(flags)


def native_loop_enabled() -> bool:
    """Whether the environment carries the flag that makes one kernel of the loop."""
    return KERNEL_LOOP in os.environ.get("XLA_FLAGS", "")
