"""The scan as an Apache Beam pipeline, for libraries that lie on a cluster's storage.

Needs the extra `[beam]`; nothing outside this package imports Beam. In the order of the data:

- `files`         patterns -> files, once each; a file -> a copy that the decoders can seek in
- `classify`      file -> log-mel slices -> network -> calibrated scores
- `parquet_rows`  the scores of a track as a row of Parquet, and back (needs only pyarrow)
- `checkpoints`   rows on the disk while a run goes on, from which another can resume
- `pipeline`      all of this put together and run
- `read_results`  rows -> results to plan with, where the files are (needs only pyarrow)
"""
