// The list: only the rows in sight are in the document, however many there are.
// Rows have fixed heights, so that where each stands is known without building it.

const AHEAD = 300; // pixels above and below what is seen
const narrow = matchMedia('(max-width: 700px)');
const shown = { rows: [], tops: [0], tracks: [], active: null }; // active: a row, or null
const built = new Map(); // key -> element
const keyOf = (row) => (row.tracks ? `album ${row.path}` : `track ${row.id}`);
const heights = () => (narrow.matches ? { album: 92, track: 104 } : { album: 56, track: 46 });
// Rows know their places themselves: a map of them all would have to be made at every key pressed.
const placeOf = (row) => (row && shown.rows[row.place] === row ? row.place : undefined);
const rowOf = (key) => (key.startsWith('album ') ? folders.get(key.slice(6)) : tracks[key.slice(6)]);

// Show these tracks, each album under its heading.
function showTracks(list) {
  const rows = [];
  let group = null;
  for (const track of list) {
    if (track.group !== group) rows.push(group = track.group);
    rows.push(track);
  }
  const tops = new Float64Array(rows.length + 1), { album, track: height } = heights();
  rows.forEach((row, i) => { tops[i + 1] = tops[i] + (row.tracks ? album : height); row.place = i; });
  Object.assign(shown, { rows, tops, tracks: list });
  if (placeOf(shown.active) === undefined) shown.active = rows[Math.min(1, rows.length - 1)] ?? null;
  byId('rows').style.height = `${tops[rows.length]}px`;
  byId('list').setAttribute('aria-rowcount', rows.length + 1);
  drawRows();
}

// The first row whose end lies below a place.
function rowAt(y) {
  let low = 0, high = shown.rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shown.tops[middle + 1] <= y) low = middle + 1; else high = middle;
  }
  return low;
}

function drawRows() {
  const list = byId('list');
  const wanted = new Set();
  const end = list.scrollTop + list.clientHeight + AHEAD;
  for (let i = rowAt(list.scrollTop - AHEAD); i < shown.rows.length && shown.tops[i] < end; i += 1) wanted.add(i);
  const active = placeOf(shown.active);
  if (active !== undefined) wanted.add(active); // the focus may be in it
  const keys = new Set([...wanted].map((i) => keyOf(shown.rows[i])));
  for (const [key, element] of built) if (!keys.has(key)) { element.remove(); built.delete(key); }
  const fresh = document.createDocumentFragment();
  for (const i of [...wanted].sort((a, b) => a - b)) place(i, fresh);
  const rows = [...fresh.children];
  byId('rows').append(fresh);
  fitChips(rows);
}

function place(i, into) {
  const row = shown.rows[i], key = keyOf(row);
  let element = built.get(key);
  if (!element) {
    element = row.tracks ? albumRow(row) : trackRow(row);
    if (row.tracks) setShare(element.querySelector('input[data-album]'), share(row.tracks));
    built.set(key, element);
    into.append(element);
  }
  element.style.top = `${shown.tops[i]}px`;
  element.style.height = `${shown.tops[i + 1] - shown.tops[i]}px`;
  element.setAttribute('aria-rowindex', i + 2);
  markActive(element, row === shown.active);
}

function markActive(element, active) {
  element.tabIndex = active ? 0 : -1;
  for (const inner of element.querySelectorAll('input, button')) inner.tabIndex = element.tabIndex;
  element.setAttribute('aria-selected', String(active));
}

function setShare(box, value) {
  box.checked = value === 1;
  box.indeterminate = value !== null && value > 0 && value < 1;
  box.disabled = value === null;
}

// Build rows anew that show something else now; the focus stays where it was.
function redraw(list) {
  const changed = new Set(list), fresh = [];
  let focus = null;
  for (const [key, element] of [...built]) {
    const row = rowOf(key), at = placeOf(row);
    if (at === undefined || !(row.tracks || [row]).some((track) => changed.has(track))) continue;
    if (element.contains(document.activeElement)) focus = [key, pathOf(document.activeElement, element)];
    built.delete(key);
    const into = document.createDocumentFragment();
    place(at, into);
    element.replaceWith(into);
    fresh.push(built.get(key));
  }
  fitChips(fresh);
  if (focus) focusIn(built.get(focus[0]), focus[1]);
}

const MARKS = ['option', 'kind', 'whole', 'album', 'open', 'give'];
const pathOf = (element, row) => (element === row ? {} : Object.fromEntries(MARKS.filter((mark) => mark in element.dataset).map((mark) => [mark, element.dataset[mark]])));

function focusIn(row, marks) {
  const pairs = Object.entries(marks);
  const inner = pairs.length ? row.querySelector(pairs.map(([name, value]) => `[data-${name}="${CSS.escape(value)}"]`).join('')) : null;
  (inner || row).focus({ preventScroll: true });
}

const elementOf = (row) => (row ? built.get(keyOf(row)) : undefined);

function activate(row, focus = true) {
  const old = elementOf(shown.active);
  if (old) markActive(old, false);
  shown.active = row;
  const i = placeOf(row);
  if (i === undefined) return;
  const list = byId('list'), top = shown.tops[i], head = list.querySelector('.head').offsetHeight;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (shown.tops[i + 1] > list.scrollTop + list.clientHeight - head) list.scrollTop = shown.tops[i + 1] - list.clientHeight + head;
  drawRows();
  if (focus) elementOf(row).focus({ preventScroll: true });
}

function step(by) {
  const now = placeOf(shown.active) ?? -1;
  const next = Math.max(0, Math.min(shown.rows.length - 1, now + by));
  if (shown.rows[next]) activate(shown.rows[next]);
}

const activeRow = () => shown.rows[placeOf(shown.active)];
