"""What was heard, for people and for programs.

- `text`      text of unknown origin made fit for a terminal
- `look`      what a terminal can show: colour, blocks
- `table`     results as a table for the terminal
- `tally`     how often each genre and instrument occurs
- `records`   results as JSON: a line a file, or one document
- `cells`     results as CSV
- `changes`   plans, and what became of them, as text for the terminal
- `encode`    results and a plan as the page's data
- `page`      results and a plan as one HTML file
- `write`     any of them to a path
"""
