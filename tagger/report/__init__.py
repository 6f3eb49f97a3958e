"""What was heard, for people and for programs.

- `text`      text of unknown origin made fit for a terminal
- `look`      what a terminal can show: colour, blocks
- `table`     results as a table for the terminal
- `tally`     how often each genre and instrument occurs
- `records`   results as JSON: a line a file, or one document
- `cells`     results as CSV
- `draft`     the changes a person may strike out or add to in the page
- `encode`    results as the page's data
- `page`      results as one HTML file
- `write`     any of them to a path
"""
