"""Settings and options of the plugin: what they become, and what is said of wrong ones."""

from __future__ import annotations

import optparse
from typing import Any

import pytest

pytest.importorskip("beets", reason="needs the [beets] extra")

import confuse

from beetsplug.genretag.options import DEFAULTS, Options, UserError, add_options, read_options
from tagger.vocabulary import KINDS, wider_labels


def read(settings: dict[str, Any] | None = None, *options: str) -> Options:
    config = confuse.Configuration("test", read=False)["genretag"]
    config.add(DEFAULTS)
    config.set(settings or {})
    parser = optparse.OptionParser()
    add_options(parser)
    opts, _ = parser.parse_args(list(options))
    return read_options(config, opts)


def test_defaults_are_those_of_scan() -> None:
    from tagger.scanning.settings import Settings, default_jobs
    from tagger.writing.plan import Policy

    assert read() == Options(
        Settings(),
        Policy(),
        album_kinds=(),
        jobs=default_jobs(),
        cache=True,
        write_only_ours=False,
        auto=True,
        again=False,
    )


def test_settings() -> None:
    got = read(
        {
            "mode": {"instruments": "replace"},
            "level": "album",
            "max_genres": 1,
            "max_instruments": 2,
            "min_confidence": 0.7,
            "whitelist": ["Hip Hop", "Jazz"],
            "ignorelist": "Easy Listening",
            "aliases": {"R&B": "Soul"},
            "parents": {"Metal": "Heavy"},
            "prefer_specific": True,
            "count_generic_as_empty": True,
            "model": "mine",
            "profile": "balanced",
            "threads": 3,
            "write_only_ours": True,
        }
    )
    assert got.policy.modes == {"genre": "fill", "instrument": "replace"}
    taste = got.policy.taste
    assert (taste.only, taste.ignore) == (("Hip Hop", "Jazz"), ("Easy Listening",))
    assert taste.aliases == {"R&B": "Soul"}
    assert taste.parents == {**wider_labels(), "Metal": "Heavy"}
    assert (taste.prefer_specific, taste.with_parents, taste.generic_is_empty) == (
        True, False, True,
    )  # fmt: skip
    assert got.settings.most == {"genre": 1, "instrument": 2}
    assert (got.settings.min_confidence, got.settings.model) == (0.7, "mine")
    assert (got.settings.profile, got.settings.experimental) == ("balanced", False)
    assert (got.album_kinds, got.jobs, got.write_only_ours, got.again) == (KINDS, 3, True, False)


@pytest.mark.parametrize(
    ("mode", "options", "wanted"),
    [
        ("fill", [], "fill"),
        ("fill", ["-f"], "replace"),
        ("fill", ["-f", "-k"], "merge"),
        ("fill", ["-k"], "merge"),
        ("fill", ["-K"], "fill"),
        ("merge", ["-f"], "merge"),
        ("merge", ["-f", "-K"], "replace"),
        ("merge", ["-K"], "replace"),
        ("replace", ["-k"], "merge"),
        ("replace", ["-F"], "fill"),
        ("merge", ["-F", "-k"], "fill"),
    ],
)
def test_options_over_mode(mode: str, options: list[str], wanted: str) -> None:
    got = read({"mode": mode}, *options)
    assert set(got.policy.modes.values()) == {wanted}
    assert got.again == ("-f" in options)


def test_options_over_settings() -> None:
    got = read({"model": "mine", "threads": 3}, "--model", "yours", "-t", "2")
    assert (got.settings.model, got.jobs) == ("yours", 2)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_genre": 3}, "genretag.max_genre: there is no such setting; there are: auto, mode,"),
        ({"mode": "guess"}, "genretag.mode: must be one of"),
        ({"mode": {"moods": "fill"}}, "genretag.mode: takes genres and instruments, each one of"),
        ({"mode": {"genres": "guess"}}, "not 'genres: guess'"),
        ({"level": "artist"}, "genretag.level: must be one of"),
        ({"max_genres": -1}, "genretag.max_genres: must be 0 or more, not -1"),
        ({"max_genres": "many"}, "genretag.max_genres: must be a"),
        ({"min_confidence": 70}, "genretag.min_confidence: must be from 0 to 1, not 70"),
        ({"min_confidence": "high"}, "genretag.min_confidence"),
        ({"threads": -2}, "genretag.threads: must be 0 or more, not -2"),
        ({"profile": "loud"}, "genretag.profile: must be one of"),
        ({"whitelist": 7}, "genretag.whitelist"),
        ({"aliases": ["Jazz"]}, "genretag.aliases"),
        ({"aliases": {"Jazz": 7}}, "genretag.aliases.Jazz"),
        ({"prefer_specific": "often"}, "genretag.prefer_specific"),
        ({"write_only_ours": 3}, "genretag.write_only_ours"),
        ({"auto": "sometimes"}, "genretag.auto"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], said: str) -> None:
    with pytest.raises((UserError, confuse.ConfigError)) as caught:
        read(settings)
    assert said in str(caught.value)
