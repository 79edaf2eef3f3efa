"""``python -m quenched``."""

from quenched.cli import main

raise SystemExit(main())
