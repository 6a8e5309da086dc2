"""The XLA flags that let the CPU backend compile a whole time loop into one fast native kernel.

XLA reads them when its CPU backend starts, so they must be in the environment before the first JAX computation. The
command line and the tests set them; the library never touches the environment on import. Without them all numbers are
right and the loop is several times slower.

    KERNEL_LOOP                    loops with a state below so many bytes become one kernel; ignored where unknown
    -force-vector-interleave=2     LLVM: two vectors at a time, which hides the latency of the noise generator
    -unroll-full-max-count=12      LLVM: keeps loops over 16 and 32 trajectories loops, so that they become vector code
    -misched-prera-direction=bidirectional
                                   LLVM: orders instructions from both ends; from the end alone it puts those two
                                   vectors one after the other, and each chain of dependences waits for itself

An option unknown to LLVM ends the process, so its three are set only where they are known to be taken: by the versions
of jaxlib that they were tested with, and by others after `engine.backend.llvm` has tried them in a process of its own.
"""

import os
from importlib.metadata import version

from madatheory.engine.backend import llvm
from madatheory.xla import TESTED

KERNEL_LOOP = "xla_cpu_small_while_loop_byte_threshold"
SCHEDULE = "-misched-prera-direction=bidirectional"
LLVM = ("-force-vector-interleave=2", "-unroll-full-max-count=12", SCHEDULE)


def enable_native_loop() -> None:
    """Add the flags to XLA_FLAGS of this process, keeping what is there. Call before the first JAX computation.

    With a version of jaxlib that is not in `TESTED` the first call on a machine takes a few seconds.
    """
    flags = os.environ.get("XLA_FLAGS", "").split()
    if any(KERNEL_LOOP in flag for flag in flags):
        return
    jaxlib = version("jaxlib")
    known = LLVM if jaxlib in TESTED else llvm.taken(LLVM, jaxlib)
    ours = ",".join((f"{KERNEL_LOOP}=1000000000", *known))
    for i, flag in enumerate(flags):
        if flag.startswith(f"{llvm.EXTRA}="):  # of a repeated option XLA would see only the last
            flags[i] = f"{flag},{ours}"
            break
    else:
        flags.append(f"{llvm.EXTRA}={ours}")
    os.environ["XLA_FLAGS"] = " ".join(flags)


def native_loop_enabled() -> bool:
    """Whether the environment carries the flag that makes one kernel of the loop."""
    return KERNEL_LOOP in os.environ.get("XLA_FLAGS", "")
