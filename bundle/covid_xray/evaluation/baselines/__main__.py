"""Print docs/baselines.md."""

from covid_xray.evaluation.baselines.records import document

if __name__ == "__main__":
    print(document(), end="")
