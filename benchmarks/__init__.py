"""What `sh wrapper.sh bench` runs: every figure is a ratio to something measured in the same run."""
