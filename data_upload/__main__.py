"""The commands of data_upload; wrapper.sh calls them."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from data_upload.errors import DataUploadError

if TYPE_CHECKING:
    from data_upload.manifest import Left
    from data_upload.upload import Failure, Plan


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


def upload(args: Namespace) -> int:
    """Send a folder of X-rays to a volume."""
    from covid_xray.dataset.folder import patients_file
    from covid_xray.dataset.patients import patient_of, read_patients
    from radiograph import class_folders

    from data_upload.journal import FOLDER, KEY, Journal
    from data_upload.parcels import open_xrays, pack
    from data_upload.progress import progress_bar
    from data_upload.pseudonyms import local_key
    from data_upload.upload import carry_out, plan
    from data_upload.volume import Volume, workspace

    # In this order nothing is made before what is given has been looked at, and what is quick comes first.
    class_folders(args.data)
    patients = read_patients(patients_file(args.data, args.patients))
    volume = Volume(workspace(args.profile), args.to, "--to")
    there = volume.sizes()
    xrays, left = open_xrays(args.data, args.workers)
    if args.delete:
        _refuse_deleting_for(left, args.data)
    key = None if args.plain_names else local_key(args.data / FOLDER / KEY)
    parcels = pack(args.data, xrays, partial(patient_of, patients=patients), key)
    journal = Journal(args.data, volume.path)
    what = plan(parcels, there, journal.sent(), key is not None, args.delete)
    _say_left(left)
    if args.dry_run:
        counts = f"send {len(what.send)}, skip {len(what.skip)}, delete {len(what.delete)}"
        print(f"would {counts} in {volume.path}")
        return 0
    with progress_bar("upload") as notify:
        failures = carry_out(what, volume, journal, args.workers, notify)
    _say_failures(failures)
    print(f"{_counts(what, failures)} in {volume.path}")
    if what.keep:
        print(
            f"Also in the volume, not in {args.data}: {len(what.keep)}; used too unless --delete removes them"
        )
    if key is not None:
        print(f"File names and patients are pseudonyms there; {args.data / FOLDER} leads back: it stays here")
    _say_what_next(failures)
    return 1 if failures else 0


def download(args: Namespace) -> int:
    """Fetch the files of a volume, such as the report's."""

    from data_upload.progress import progress_bar
    from data_upload.upload import fetch_all
    from data_upload.volume import Volume, workspace

    volume = Volume(workspace(args.profile), args.source, "--from")
    with progress_bar("download") as notify:
        count, failures = fetch_all(volume, args.output, args.workers, notify)
    _say_failures(failures)
    if not count:
        raise DataUploadError(f"{volume.path} is empty or not there: correct --from")
    print(f"{count - len(failures)} files in {args.output}, {len(failures)} failed")
    return 1 if failures else 0


def _say_failures(failures: Sequence[Failure]) -> None:
    for failure in failures:
        print(f"  {failure.name} failed: {failure.error}", file=sys.stderr)


def _counts(what: Plan, failures: Sequence[Failure]) -> str:
    lost = {failure.name for failure in failures}
    sent = sum(parcel.name not in lost for parcel in what.send)
    gone = sum(name not in lost for name in what.delete)
    return f"{sent} sent, {len(what.skip)} there already, {gone} deleted, {len(lost)} failed"


def _say_what_next(failures: Sequence[Failure]) -> None:
    if failures:
        print("type the same command again: it sends only what has not arrived", file=sys.stderr)
        return
    # The CLI's own name for the target where none is given; the bundle's script sets it.
    target = os.environ.get("DATABRICKS_BUNDLE_TARGET")
    print("next: databricks bundle run training" + (f" -t {target}" if target else ""))


def _refuse_deleting_for(left: Sequence[Left], data: Path) -> None:
    if left:
        raise DataUploadError(
            f"nothing was deleted or sent: {len(left)} files of {data} do not open, such as {left[0].path}, "
            "and --delete would remove what was sent of them before: mend or remove them"
        )


def _say_left(left: Sequence[Left]) -> None:
    if left:
        print(f"{len(left)} files are no X-rays and stay here:")
        for file in left:
            print(f"  {file.path}: {file.reason} ({file.detail})")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="data_upload", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("resize", help=resize.__doc__)
    add.set_defaults(command=resize)
    add.add_argument("--data", type=Path, required=True, help="folder of class folders")
    add.add_argument("--output", type=Path, required=True, help="folder for the copy")
    add.add_argument(
        "--workers", type=_count, default=os.cpu_count() or 1, help="files at once (default: one per core)"
    )
    add = commands.add_parser("sample", help=sample.__doc__)
    add.set_defaults(command=sample)
    add.add_argument("--output", type=Path, required=True)
    add.add_argument("--per-class", type=int, default=20, help="images of each class (default: %(default)s)")
    add.add_argument("--seed", type=int, default=7, help="default: %(default)s")
    add = commands.add_parser("fetch", help=fetch.__doc__)
    add.set_defaults(command=fetch)
    add.add_argument("--output", type=Path, required=True)
    add = commands.add_parser("upload", help=upload.__doc__)
    add.set_defaults(command=upload)
    add.add_argument("--data", type=Path, required=True, help="folder of class folders; resize it before")
    add.add_argument(
        "--patients",
        type=lambda path: Path(path) if path else None,
        help="CSV with label, original_filename and patient_id (default: DATA/patients.csv if it exists)",
    )
    add.add_argument("--to", required=True, help="/Volumes/<catalog>/<schema>/images")
    add.add_argument("--plain-names", action="store_true", help="keep file names and patient ids as they are")
    add.add_argument("--dry-run", action="store_true", help="only say what would be done")
    add.add_argument("--delete", action="store_true", help="delete in the volume what the folder lacks")
    _add_workspace(add)
    add = commands.add_parser("download", help=download.__doc__)
    add.set_defaults(command=download)
    add.add_argument("--from", dest="source", required=True, help="/Volumes/<catalog>/<schema>/reports")
    add.add_argument("--output", type=Path, required=True)
    _add_workspace(add)
    return parser


def _add_workspace(parser: ArgumentParser) -> None:
    parser.add_argument("--profile", help="of ~/.databrickscfg (default: DATABRICKS_HOST and the like)")
    parser.add_argument("--workers", type=_count, default=16, help="files at once (default: %(default)s)")


def main(argv: Sequence[str]) -> int:
    """Run a command: 0 for success, 1 when nothing came of it, 2 for a request that cannot be met."""
    args = _parser().parse_args(argv)
    # Here, not above: --help must not wait for Pillow.
    from covid_xray.errors import CovidXrayError
    from radiograph import FolderError

    try:
        return int(args.command(args))
    except (CovidXrayError, DataUploadError, FolderError, OSError) as error:
        print(f"data_upload: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
