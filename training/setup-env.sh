#!/bin/sh
# Makes the Python environment for training in .venv at the top of the repository (or in $1).
#
# PyPI's Linux wheel of PyTorch is built for CUDA and wants some 3 GB of NVIDIA libraries even on a machine that has no
# GPU. Without a GPU they are left out and cuda_stubs.py puts empty stand-ins in their place (needs gcc and binutils).
# With one (nvidia-smi answers), or with UML_TRAINING_CUDA=1, everything is installed as usual.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${1:-$here/../.venv}
python3 -m venv "$venv"
pip="$venv/bin/pip --disable-pip-version-check"
if [ "${UML_TRAINING_CUDA:-0}" = 1 ] || nvidia-smi >/dev/null 2>&1 || [ "$(uname -m)" != x86_64 ]; then
    $pip install "torch==2.6.0"
else
    $pip install --no-deps "torch==2.6.0"
    $pip install filelock typing-extensions "sympy==1.13.1" networkx jinja2 fsspec mpmath
    "$venv/bin/python" "$here/cuda_stubs.py" "$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/torch/lib"
fi
$pip install "setuptools>=70" wheel numpy safetensors pillow simplejpeg tqdm matplotlib scipy openpyxl pytest pytest-xdist ruff
$pip install --no-deps --no-build-isolation -e "$here"
"$venv/bin/python" -c 'import torch; print("torch", torch.__version__, "CUDA", torch.cuda.is_available())'
