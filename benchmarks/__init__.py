"""The benchmarks of `sh wrapper.sh bench`: each result is a ratio to a baseline measured in the same run."""
