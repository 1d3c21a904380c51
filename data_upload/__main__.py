"""Prepare a folder of X-rays, and copy it to a volume of a Databricks workspace."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from covid_xray.progress import counted

from data_upload.errors import DataUploadError

# What is slow to import is imported by the commands: --help must not wait for it.
if TYPE_CHECKING:
    from data_upload.csv_files import Rejected
    from data_upload.upload import Failure, Plan


def resize(args: Namespace) -> int:
    """Make a smaller copy of a folder of X-rays."""
    from data_upload.csv_files import REFUSED, Original, Rejected
    from data_upload.resize import resize_folder
    from data_upload.terminal import progress_bar

    with progress_bar("resize") as notify:
        results = resize_folder(args.data, args.output, args.workers, notify)
    accepted = [(r, r.outcome) for r in results if isinstance(r.outcome, Original)]
    rejected = [r.outcome for r in results if isinstance(r.outcome, Rejected)]
    before = sum(original.original_bytes for _, original in accepted) / 1e6
    after = sum(result.bytes for result, _ in accepted) / 1e6
    many = counted(len(accepted), "X-ray")
    print(f"{many} accepted, {before:.1f} MB reduced to {after:.1f} MB in {args.output}")
    if rejected:
        print(f"{counted(len(rejected), 'file')} rejected, listed in {args.output / REFUSED}:")
        _print_rejected(rejected)
    return 0 if accepted else 1


def sample(args: Namespace) -> int:
    """Draw a small synthetic dataset."""
    from data_upload.sample import draw_sample

    draw_sample(args.output, args.per_class, args.seed)
    print(f"{counted(args.per_class, 'synthetic X-ray')} of each class in {args.output}")
    return 0


def fetch(args: Namespace) -> int:
    """Download the public dataset."""
    from data_upload.fetch import DATASET, METADATA, fetch_dataset

    print(fetch_dataset(args.output, DATASET, METADATA))
    return 0


def upload(args: Namespace) -> int:
    """Upload a folder of X-rays to a volume."""
    from covid_xray.dataset.given import match, patients_note
    from covid_xray.dataset.metadata import patient_of, read_tables
    from radiograph import class_folders, walk

    from data_upload.items import open_xrays, pack
    from data_upload.local_state import FOLDER, KEY, Journal, local_key
    from data_upload.terminal import progress_bar
    from data_upload.upload import execute, plan
    from data_upload.volume import Volume, workspace

    # In this order all arguments are checked before anything is written, the quick checks first.
    found = list(walk(args.data, class_folders(args.data)))
    tables = read_tables(args.data, args.patients)
    given = match(tables, [(file.label, file.path) for file in found])
    volume = Volume(workspace(args.profile), args.to, "--to")
    remote = volume.sizes()
    xrays, rejected = open_xrays(args.data, args.workers)
    if args.delete and rejected:
        raise DataUploadError(_deletion_refused(rejected, args.data))
    key = None if args.plain_names else local_key(args.data / FOLDER / KEY)
    patients = {file.path: patient_of(file.path, sha256, given) for file, _, sha256 in xrays}
    items = pack(args.data, xrays, patients, given.attributes, key)
    journal = Journal(args.data, volume.path)
    todo = plan(items, remote, journal.sent(), key is not None, args.delete)
    if rejected:
        print(f"{counted(len(rejected), 'file')} rejected and not uploaded:")
        _print_rejected(rejected)
    if note := patients_note(given, patients.values()):
        print(f"{counted(len(xrays), 'X-ray')}: {note}")
    if args.dry_run:
        counts = f"send {len(todo.send)}, skip {len(todo.skip)}, delete {len(todo.delete)}"
        print(f"would {counts} in {volume.path}")
        return 0
    with progress_bar("upload") as notify:
        failures = execute(todo, volume, journal, args.workers, notify)
    _print_failures(failures)
    print(f"{_counts(todo, failures)} in {volume.path}")
    if todo.keep:
        extra = f"{counted(len(todo.keep), 'file')} in the volume, not in {args.data}"
        print(f"{extra}: jobs read the whole volume, --delete removes such files")
    if key is not None:
        print(
            "File names and patient ids are pseudonyms in the volume. "
            f"{args.data / FOLDER} leads back to patients: it stays on this machine"
        )
    _print_next_step(failures)
    return 1 if failures else 0


def download(args: Namespace) -> int:
    """Download the files of a volume, such as reports."""
    from data_upload.terminal import progress_bar
    from data_upload.upload import fetch_all
    from data_upload.volume import Volume, workspace

    volume = Volume(workspace(args.profile), args.source, "--from")
    with progress_bar("download") as notify:
        count, failures = fetch_all(volume, args.output, args.workers, notify)
    _print_failures(failures)
    if not count:
        raise DataUploadError(f"{volume.path} is empty or does not exist: correct --from")
    print(f"{counted(count - len(failures), 'file')} downloaded to {args.output}, {len(failures)} failed")
    return 1 if failures else 0


def _print_rejected(rejected: Sequence[Rejected]) -> None:
    for file in rejected:
        print(f"  {file.path}: {file.reason} ({file.detail})")


def _print_failures(failures: Sequence[Failure]) -> None:
    for failure in failures:
        print(f"  {failure.name} failed: {failure.error}", file=sys.stderr)


def _counts(todo: Plan, failures: Sequence[Failure]) -> str:
    failed = {failure.name for failure in failures}
    sent = sum(item.name not in failed for item in todo.send)
    deleted = sum(name not in failed for name in todo.delete)
    return f"{sent} sent, {len(todo.skip)} already there, {deleted} deleted, {len(failed)} failed"


def _print_next_step(failures: Sequence[Failure]) -> None:
    if failures:
        print("run the same command again: it sends only what is missing", file=sys.stderr)
        return
    # The CLI's own variable for the target where no option names one; the bundle's script sets it.
    target = os.environ.get("DATABRICKS_BUNDLE_TARGET")
    print("next: databricks bundle run training" + (f" -t {target}" if target else ""))


def _deletion_refused(rejected: Sequence[Rejected], data: Path) -> str:

    return (
        f"nothing was sent or deleted: {counted(len(rejected), 'file')} rejected in {data}, such as "
        f"{rejected[0].path}, and --delete would remove earlier uploads of them: repair or remove them first"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="wrapper.sh", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    # What is typed to get there; the sample alone has no command of wrapper.sh.
    for command, typed, add_options in (
        (resize, "wrapper.sh run dataset_resize", _add_resize),
        (sample, "python -m data_upload sample", _add_sample),
        (fetch, "wrapper.sh fetch", _add_fetch),
        (upload, "wrapper.sh upload", _add_upload),
        (download, "wrapper.sh download", _add_download),
    ):
        subparser = commands.add_parser(
            command.__name__, prog=typed, help=command.__doc__, description=command.__doc__
        )
        subparser.set_defaults(command=command)
        add_options(subparser)
    return parser


def _add_resize(parser: ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder of class folders")
    parser.add_argument("--output", type=Path, required=True, help="folder for the copy")
    workers = "files at a time (default: one per core)"
    parser.add_argument("--workers", type=_positive, default=os.cpu_count() or 1, help=workers)


def _add_sample(parser: ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, required=True, help="folder for the dataset")
    parser.add_argument(
        "--per-class", type=int, default=20, help="images of each class (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=7, help="of the random numbers (default: %(default)s)")


def _add_fetch(parser: ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, required=True, help="new or empty folder for the dataset")


def _add_upload(parser: ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder of class folders, already resized")
    patients = "CSV with label, original_filename and patient_id (default: DATA/patients.csv if it exists)"
    parser.add_argument("--patients", type=lambda path: Path(path) if path else None, help=patients)
    parser.add_argument("--to", required=True, help="such as /Volumes/<catalog>/<schema>/images")
    plain = "keep file names and patient ids as they are"
    parser.add_argument("--plain-names", action="store_true", help=plain)
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and do nothing")
    delete = "delete files in the volume that the folder does not have"
    parser.add_argument("--delete", action="store_true", help=delete)
    _add_workspace(parser)


def _add_download(parser: ArgumentParser) -> None:
    source = "such as /Volumes/<catalog>/<schema>/reports"
    parser.add_argument("--from", dest="source", required=True, help=source)
    parser.add_argument("--output", type=Path, required=True, help="folder for the files")
    _add_workspace(parser)


def _add_workspace(parser: ArgumentParser) -> None:
    profile = "profile of ~/.databrickscfg (default: the one that DATABRICKS_* variables configure)"
    parser.add_argument("--profile", help=profile)
    workers = "files at a time (default: %(default)s)"
    parser.add_argument("--workers", type=_positive, default=16, help=workers)


def main(argv: Sequence[str]) -> int:
    """Run a command; return 0 for success, 1 if files failed or none was accepted, 2 for an error."""
    args = _parser().parse_args(argv)
    from covid_xray.errors import CovidXrayError
    from radiograph import FolderError

    try:
        return int(args.command(args))
    except (CovidXrayError, DataUploadError, FolderError, OSError) as error:
        print(f"data_upload: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
