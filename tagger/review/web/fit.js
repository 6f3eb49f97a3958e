// Rows have a fixed height, so chips that have no room in their cell stand behind a button "+2".

const REST = 42; // pixels that the button takes at most

// Layout is asked for once for all rows, between what is undone and what is done.
function fitChips(rows) {
  const cells = rows.flatMap((row) => [...row.querySelectorAll('.tags')]);
  for (const cell of cells) {
    cell.querySelector('.rest')?.remove();
    for (const chip of cell.children) chip.hidden = false;
  }
  if (narrow.matches) return; // there a cell is scrolled by a finger
  const full = cells.filter((cell) => cell.scrollWidth > cell.clientWidth);
  const without = full.map((cell) => {
    const chips = [...cell.querySelectorAll('.chip')], end = cell.offsetLeft + cell.clientWidth - REST;
    return chips.filter((chip, i) => i > 0 && chip.offsetLeft + chip.offsetWidth > end);
  });
  full.forEach((cell, i) => hideChips(cell, without[i]));
}

function hideChips(cell, chips) {
  if (!chips.length) return; // one long name: it is cut with an ellipsis
  for (const chip of chips) chip.hidden = true;
  const row = cell.closest('.row'), open = row.querySelector('.open');
  const button = build('button', { type: 'button', class: 'rest', 'data-open': open.dataset.open, 'aria-label': `${chips.length} more: ${open.textContent}` }, `+${chips.length}`);
  button.tabIndex = row.tabIndex;
  cell.append(button);
}

let fittedWidth = 0;
new ResizeObserver(([list]) => {
  if (list.contentRect.width === fittedWidth) return;
  fittedWidth = list.contentRect.width;
  fitChips([...built.values()]);
}).observe(byId('list'));
