"""Writes tags into music files: every change is planned, journaled, verified and can be undone.

In the order of the data:

- `atomic_file`      replaces a file that is not music (report, model, cache) in one step
- `genre_rules`      the user's rules for names: allow list, aliases, parents; checks them against a
                     model's labels
- `plan`             which fields change in which files; pure values, no file is opened
- `plan_edit`        narrows a plan by folder or by value
- `plan_json`        reads and writes plans as JSON, with the model's predictions
- `filesystem`       every disk operation of a rewrite as one method, so that tests can fail each
- `shared_blocks`    which parts of two files share disk blocks (Linux FIEMAP)
- `delta`            patches that restore the old file from the new one
- `mutagen_save`     saves our fields with mutagen, the default for nearly every file
- `splice`           inserts tag bytes exactly, for files that mutagen would alter elsewhere
- `edited_copy`      makes the copy with the new tags, by `mutagen_save` or by `splice`
- `referee`          compares what mutagen reads before and after, independently of our parsers
- `replace_file`     swaps the finished copy for the file without losing a concurrent edit
- `rewrite`          one file: write a copy, read it back, compare it, put it in place
- `batch`            rewrites many files together, so that they share the waits for the disk
- `journal_entries`  the records of the journal: runs and their files, with the fields' exact bytes
- `journal_rows`     converts records to checksummed database rows and back
- `journal_schema`   the database tables and their migrations
- `journal`          the durable record of every change, written before and after it is made
- `journal_repair`   diagnoses a damaged journal and rebuilds it from its intact rows
- `recovery`         after a crash: resolves unfinished entries and removes leftover copies
- `apply`            applies a plan: checks each file, journals the change, rewrites the file
- `undo`             turns a journaled run into a plan that reverts it
- `external_writes`  journals what another program, such as beets, writes into files
"""
