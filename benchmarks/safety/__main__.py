"""Attack the writing of tags: forms of files, faults of disks, kills, fuzz; count what is lost.

    python -m benchmarks.safety [--trials 100000 | --quick] [--seed 1] [--state safety.json]

Writes the counts to benchmarks/SAFETY.md, and with --readme into the README; a run that was stopped
goes on where it was. `--replay KIND:NUMBER` does one trial again with the same seed and forms, says
what is wrong with it, and keeps the files that it left. Linux or macOS.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

from benchmarks.safety.kinds import KINDS
from benchmarks.safety.report import table, total, write
from benchmarks.safety.running import run_kind
from benchmarks.safety.tally import FAULTS, Record, load
from benchmarks.safety.trial import Place
from benchmarks.safety.worker import chosen, one

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "benchmarks" / "SAFETY.md"
QUICK = 3000


def main() -> None:
    """Do all of it, write the table; exit code 1 where anything went wrong."""
    args = parser().parse_args()
    if args.replay:
        raise SystemExit(replay(args))
    trials = QUICK if args.quick else args.trials
    record = load(args.state, args.seed, code_version())
    kinds = [kind for kind in KINDS if not args.kinds or kind in args.kinds.split(",")]
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for kind in kinds:
            wanted = max(1, round(trials * KINDS[kind].share))
            for tally in run_kind(record, kind, wanted, Path(folder), args.forms):
                record.save(args.state)
                rate = tally.checks / max(tally.seconds, 0.001)
                print(f"{kind}: {tally.checks:,} of {wanted:,}, {tally.bad} bad, {rate:.0f}/s",
                      file=sys.stderr, flush=True)  # fmt: skip
    finish(args, record, trials)


def replay(args: argparse.Namespace) -> int:
    """Do one trial again; gives 1 where something is wrong."""
    kind, number = args.replay.split(":")
    folder = Path(tempfile.mkdtemp(dir=args.folder))
    bad = False
    for check in one(Place(folder, chosen(args.forms)), kind, int(number), args.seed, args.forms):
        print(f"{check.form}: {check.status} {check.note}")
        for problem in check.problems:
            print(f"  {problem.fault}: {problem.what}")
        bad = bad or any(problem.fault in FAULTS for problem in check.problems)
    print(f"files: {folder / 'music'}")
    return int(bad)


def finish(args: argparse.Namespace, record: Record, trials: int) -> None:
    """Show and write the results."""
    command = f"python -m benchmarks.safety --trials {trials} --seed {args.seed}"
    print(table(record))
    if not args.dry:
        write(record, command, RESULTS, ROOT / "README.md" if args.readme else None)
    raise SystemExit(1 if total(record).bad else 0)


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(prog="benchmarks.safety", description=__doc__)
    made.add_argument("--trials", type=int, default=100_000)
    made.add_argument("--quick", action="store_true", help=f"only {QUICK} trials")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--state", type=Path, default=Path("safety.json"), help="counts so far")
    made.add_argument("--kinds", default="", help="only these, with commas: " + ", ".join(KINDS))
    made.add_argument("--forms", default="", help="only forms whose names match this pattern")
    made.add_argument("--folder", type=Path, default=default_folder(), help="where to work")
    made.add_argument("--readme", action="store_true", help="write the table into the README too")
    made.add_argument("--replay", default="", help="one trial, such as forms:84")
    made.add_argument("--dry", action="store_true", help="write no results")
    return made


def default_folder() -> Path | None:
    """A disk in memory where there is one: most trials test deeds, not disks."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


def code_version() -> str:
    """A name for the program and the trials as they are now."""
    digest = hashlib.blake2b(digest_size=8)
    for folder in ("tagger", "benchmarks/safety"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
