"""Where the checkout keeps its things."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
EXPERIMENTS = ROOT / "experiments"
SUPPORT = ROOT / "tests" / "support"
