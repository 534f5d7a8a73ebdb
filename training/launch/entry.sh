#!/bin/bash
# What the SageMaker machine runs: the command in CARD_TRAINING on all its GPUs.
set -euo pipefail
cd "$(dirname "$0")/../.."
pip install --quiet --editable ".[training,tracking]"
# shellcheck disable=SC2086  # the command is split into words on purpose
exec torchrun --standalone --nproc-per-node "${SM_NUM_GPUS:-1}" -m training $CARD_TRAINING
