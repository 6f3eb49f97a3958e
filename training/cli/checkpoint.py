"""`python -m training checkpoint`: an exported model as a checkpoint to go on from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from training.cli.console import progress, quiet_threads
from training.cli.options import Places, count_option, places, read_split

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

    from training.config import Config
    from training.data.batch_sampler import Pools


@click.command()
@places
@click.option("--config", type=click.Path(exists=True, path_type=Path), help="A TOML file.")
@click.option("--everything", is_flag=True, help="Hold no fold out.")
@click.option("--cache", type=click.Path(path_type=Path), required=True, help="Of sound read.")
@count_option("--batches", 30, "Of slices, to measure the network on.")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="A file for it.")
@click.argument("model")
def checkpoint(
    model: str,
    config: Path | None,
    everything: bool,
    cache: Path,
    batches: int,
    out: Path,
    **where: Unpack[Places],
) -> None:
    """Make a checkpoint of MODEL, a name or the path of a card, for --start and --distil.

    It says what the model says; the head that answers teachers is fitted to the songs.
    """
    quiet_threads()
    from tagger.models.card import load_card
    from tagger.models.model import find_card
    from training.config import DEFAULT, load_config
    from training.trainer.exported_weights import write_start
    from training.trainer.run import read_pools

    settings = load_config(config or DEFAULT)
    split = read_split(everything=everything, **where)
    pools = read_pools(settings, split, cache, where["data"], None, progress)
    card = find_card(model)
    write_start(
        card.with_name(load_card(card).weights), settings, _slices(pools, settings, batches), out
    )
    click.echo(f"wrote {out}")


def _slices(
    pools: Pools, config: Config, batches: int
) -> Iterator[tuple[Tensor, npt.NDArray[np.float32]]]:
    """Batches as they are learned from, with what the teachers say."""
    import numpy as np
    import torch

    from training.data.batch_sampler import draw_batch
    from training.networks.mel_frontend import compress

    for i in range(batches):
        batch = draw_batch(pools, config.recipe, np.random.default_rng((config.loop.seed, i)))
        power = torch.from_numpy(np.stack([each.power for each in batch]))
        yield compress(power, config.mel), np.stack([each.soft for each in batch])
