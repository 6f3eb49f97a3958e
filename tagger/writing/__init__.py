"""Tags into files, safely: every change is planned, recorded, checked, and can be undone.

In the order of the data:

- `atomic_file`      a whole file takes the place of another in one step, for all that is not music
- `genre_rules`      what a person wants of the names that are written: which, under what name, how
                     special
- `taste_names`      labels that a person's rules name, held against those of a model: a slip is
                     not passed over
- `plan`             what would be changed in which file: values only, made and turned round without
                     opening any
- `opinions`         what the model said of the files of a plan: what it offered, and what it was
                     too unsure of
- `plan_edit`        a plan made smaller by hand: by folder, and by a value that is not to be
                     written
- `plan_json`        plans as JSON files, which a person or a script may edit before they are
                     applied
- `filesystem`       everything that is done to a disk while a file gets new tags, one verb each
- `shared_blocks`    which bytes of two files lie in the same blocks of a disk, as Linux tells it
- `delta`            A file as it was, kept as what it takes to make it again from the file as it is
                     now
- `mutagen_save`     mutagen's own save, for our fields alone: the way into nearly every file
- `splice`           tags put into a file as the very bytes that they are have, where mutagen would
                     change them
- `edited_copy`      A copy of a file that gets other tags: by mutagen's save, or spliced where that
                     would not do
- `referee`          A second opinion on every file that is written: what mutagen saw before, it
                     must see after
- `replace_file`     A finished copy takes the place of a file, and nobody else's edit of that file
                     is lost by it
- `batch`            files that are rewritten together, so that they wait for the disk together and
                     not in turn
- `rewrite`          A file gets other items: a copy beside it is written, read back, compared, and
                     put in place
- `journal_entries`  what the journal keeps: runs, and the files of each, with the very bytes of
                     their fields
- `journal_rows`     entries and runs as rows of the journal's tables, sealed, and back only if
                     nothing is wrong
- `journal_schema`   the tables of the journal, and how an older journal becomes one of today
- `journal`          A durable record of every change: what was meant before a file is touched, what
                     came of it
- `journal_repair`   what is wrong with a journal, what of it can be read, and a sound one made from
                     that
- `recovery`         after a crash: what became of files that were under way, and what to do with
                     copies left there
- `apply`            A plan becomes true: each file checked, noted in the journal, rewritten, and
                     noted again
- `undo`             A run is taken back: by a plan like any other, made from the journal, so it can
                     be undone too
- `external_writes`  what another program writes into files, noted in the journal: before it does
                     and after
"""
