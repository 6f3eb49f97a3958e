"""Results and plans, for people and for programs.

- `escaping`      text of unknown origin made fit for a terminal
- `terminal`      what a terminal can show: colour, blocks
- `table`         results as a table for the terminal
- `closing`       what a scan ends with: files without a sure genre, and what can be done
- `tag_counts`    how often each genre and instrument occurs
- `json_records`  results as JSON: a line a file, or one document
- `csv_rows`      results as CSV
- `plan_text`     plans, and what became of them, as text for the terminal
- `page_data`     results and a plan as the page's data
- `html_page`     results and a plan as one HTML file
- `files`         any of them to a path
"""
