"""`musictag pipeline`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tagger.cli.echo import echo
from tagger.cli.options import MODEL, WINDOWS

NEEDS = "musictag pipeline needs Apache Beam: pip install 'musictag[beam]'"


def places(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Absolute paths, since workers start elsewhere; a URL stays as it is."""
    return tuple(one if "://" in one else _absolute(one) for one in value)


def parquet_path(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """A place whose name says what is there."""
    if not value.endswith(".parquet"):
        raise click.BadParameter(f"'{value}' does not end in .parquet", ctx, param)
    (place,) = places(ctx, param, (value,))
    if any(sign in place for sign in "*?["):
        raise click.BadParameter(f"'{place}' holds one of * ? [, a glob to Beam", ctx, param)
    return place


def _absolute(path: str) -> str:
    return os.path.normpath(Path(path).absolute())


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--input",
    "inputs",
    required=True,
    multiple=True,
    metavar="GLOB",
    help="File, folder or glob (** crosses folders), also gs://, s3://, hdfs://. May be repeated.",
)
@click.option(
    "--output",
    required=True,
    metavar="PARQUET",
    callback=parquet_path,
    help="One row for each track, with every score; .failed.jsonl beside it names the rest.",
)
@click.option("--resume", is_flag=True, help="Keep the existing rows; classify only new files.")
@MODEL
@WINDOWS
@click.argument("runner_options", nargs=-1, type=click.UNPROCESSED, metavar="[BEAM OPTIONS]...")
def pipeline(
    inputs: tuple[str, ...],
    output: str,
    resume: bool,
    model: str,
    windows: int | None,
    runner_options: tuple[str, ...],
) -> None:
    """Classify a library with Apache Beam, on this machine or a cluster; needs the extra [beam].

    All other options go to Beam and its runner as they are. Exit code: 0 if all went well, 1 if a
    file failed (it is named in the .failed.jsonl, the rest is done).

    \b
    Examples:
      musictag pipeline --input ~/Music --output music.parquet \\
        --direct_running_mode multi_processing --direct_num_workers 4
      musictag pipeline --input 'gs://bucket/**' --output gs://bucket/music.parquet \\
        --runner DataflowRunner --project P --region R --temp_location gs://bucket/tmp
    """
    try:
        from tagger.beam.pipeline import Job, run
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] in ("apache_beam", "onnx", "pyarrow"):
            raise click.ClickException(NEEDS) from error
        raise
    from tagger.cli.progress import clock

    job = Job(inputs, output, model, windows, resume)
    done = run(job, runner_options)
    classified = f"{done.tracks} classified ({clock(done.seconds_of_audio)} of sound)"
    reused = f", {done.kept} reused" if done.kept else ""
    failed = f", {done.failed} failed: {job.failures}" if done.failed else ""
    echo(f"{classified}{reused}{failed}", err=True)
    if done.failed:
        raise SystemExit(1)
