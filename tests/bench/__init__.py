"""Speed against its bounds: `make bench` prints one JSON report (docs/benchmarks.md)."""
