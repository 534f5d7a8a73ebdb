"""`python -m training` is `card-training`; this is how `torchrun` starts it."""

from training.cli import main

raise SystemExit(main())
