#!/usr/bin/env bash
# Every claim about a GPU, measured on a machine with one: bash benchmarks/gpu.sh [FILE.json]
#
# Needs a CUDA driver, Python 3.11 or newer and a network. Makes .venv-gpu with the newest JAX, then takes some eight
# minutes; benchmarks/gpu.json, or FILE.json, is written as the numbers come. Goal J of `madatheory bench` reads the first.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
out=${1:-benchmarks/gpu.json}

command -v nvidia-smi >/dev/null || echo "gpu.sh: no nvidia-smi here; if JAX finds no GPU either, nothing is measured" >&2
if [ ! -e .venv-gpu/.made ]; then
  echo "Installing into .venv-gpu (some minutes, once)"
  "$python" -m venv .venv-gpu
  .venv-gpu/bin/python -m pip --disable-pip-version-check install --quiet --no-compile 'jax[cuda12]>=0.11' -e '.[all,test]'
  touch .venv-gpu/.made
fi
exec .venv-gpu/bin/python -m benchmarks.gpu --out "$out"
