"""The commands of data_upload; wrapper.sh calls them."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from data_upload.errors import DataUploadError


def resize(args: Namespace) -> int:
    """Make a smaller copy of a folder of X-rays."""
    from data_upload.manifest import REFUSED, Left, Original
    from data_upload.progress import progress_bar
    from data_upload.resize import resize_folder

    with progress_bar("resize") as notify:
        results = resize_folder(args.data, args.output, args.workers, notify)
    taken = [(r, r.outcome) for r in results if isinstance(r.outcome, Original)]
    left = [r.outcome for r in results if isinstance(r.outcome, Left)]
    before = sum(original.original_bytes for _, original in taken) / 1e6
    after = sum(result.bytes for result, _ in taken) / 1e6
    print(f"{len(taken)} X-rays accepted, {before:.1f} MB became {after:.1f} MB in {args.output}")
    if left:
        print(f"{len(left)} refused, listed in {args.output / REFUSED}:")
        for refused in left:
            print(f"  {refused.path}: {refused.reason} ({refused.detail})")
    return 0 if taken else 1


def sample(args: Namespace) -> int:
    """Draw a small synthetic set."""
    from data_upload.sample import draw_sample

    draw_sample(args.output, args.per_class, args.seed)
    print(f"{args.per_class} synthetic X-rays of each class in {args.output}")
    return 0


def fetch(args: Namespace) -> int:
    """Get the public dataset."""
    from data_upload.fetch import DATASET, METADATA, fetch_dataset

    print(fetch_dataset(args.output, DATASET, METADATA))
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="data_upload", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("resize", help=resize.__doc__)
    add.set_defaults(command=resize)
    add.add_argument("--data", type=Path, required=True, help="folder of class folders")
    add.add_argument("--output", type=Path, required=True, help="folder for the copy")
    add.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)"
    )
    add = commands.add_parser("sample", help=sample.__doc__)
    add.set_defaults(command=sample)
    add.add_argument("--output", type=Path, required=True)
    add.add_argument("--per-class", type=int, default=20, help="images of each class (default: %(default)s)")
    add.add_argument("--seed", type=int, default=7, help="default: %(default)s")
    add = commands.add_parser("fetch", help=fetch.__doc__)
    add.set_defaults(command=fetch)
    add.add_argument("--output", type=Path, required=True)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run a command: 0 for success, 1 when nothing came of it, 2 for a request that cannot be met."""
    args = _parser().parse_args(argv)
    # Here, not above: --help must not wait for Pillow.
    from radiograph import FolderError

    try:
        return int(args.command(args))
    except (DataUploadError, FolderError, OSError) as error:
        print(f"data_upload: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
