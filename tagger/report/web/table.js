// The table: which tracks, in which order, a page at a time. Pages of real table rows, not a
// virtual list: a screen reader meets a table, the browser's own search and printing work.

const PAGE = 100;
const shown = { list: tracks, page: 0, sort: 'path', down: false };
const compare = new Intl.Collator('en', { numeric: true }).compare;
const KEYS = {
  path: null, // the scan's own order
  genre: (track) => track.predicted.genre.length ? track.predicted.genre[0].name : '\uffff',
  instrument: (track) => track.predicted.instrument.length ? track.predicted.instrument[0].name : '\uffff',
  confidence: (track) => track.least,
};
const STATES = {
  all: () => true,
  changed: trackChanged,
  same: (track) => !track.error && !trackChanged(track),
  edited: trackEdited,
  failed: (track) => Boolean(track.error),
};

const has = (track, kind, name) =>
  track.predicted[kind].some((tag) => tag.name === name) || track[kind].includes(name);

function chosen() {
  const words = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const state = STATES[byId('state').value];
  const names = KINDS.map((kind) => byId(kind).value);
  const [low, high] = byId('confidence').value.split(' ').map(Number);
  const any = low === 0 && high === 1;
  return tracks.filter((track) =>
    state(track)
    && words.every((word) => track.found.includes(word))
    && KINDS.every((kind, i) => !names[i] || has(track, kind, names[i]))
    && (any || (track.least >= low && track.least <= (high < 1 ? high - 1e-9 : 1))));
}

function sorted(list) {
  const key = KEYS[shown.sort];
  const order = key
    ? list.map((track) => [key(track), track]).sort(([a], [b]) => typeof a === 'number' ? a - b || 0 : compare(a, b))
        .map(([, track]) => track)
    : list;
  return shown.down ? [...order].reverse() : order;
}

function refresh() {
  shown.list = sorted(chosen());
  shown.page = 0;
  drawTable();
  say(`${plural(shown.list.length, 'file')} shown`);
}

function drawTable() {
  const pages = Math.max(1, Math.ceil(shown.list.length / PAGE));
  const rows = shown.list.slice(shown.page * PAGE, (shown.page + 1) * PAGE);
  const table = byId('tracks');
  for (const body of [...table.tBodies]) body.remove();
  table.append(...(shown.sort === 'path' ? albums(rows) : [build('tbody', null, ...rows.map(row))]));
  byId('count').textContent = `${plural(shown.list.length, 'file')} of ${tracks.length.toLocaleString('en')}`;
  byId('where').textContent = `Page ${shown.page + 1} of ${pages}`;
  byId('previous').disabled = shown.page === 0;
  byId('next').disabled = shown.page + 1 >= pages;
}

// A run of tracks of one folder has a heading with a box for all of the folder, seen or not.
function albums(rows) {
  const bodies = [];
  let folder = null;
  for (const track of rows) {
    if (track.folder !== folder) {
      folder = track.folder;
      bodies.push(build('tbody', null, albumRow(folder, track)));
    }
    bodies.at(-1).append(row(track));
  }
  return bodies;
}

const folders = new Map();
for (const track of tracks) {
  if (!folders.has(track.folder)) folders.set(track.folder, []);
  folders.get(track.folder).push(track);
}
const inFolder = (folder) => folders.get(folder);

function albumRow(folder, track) {
  const all = inFolder(folder);
  const box = build('input', { type: 'checkbox', 'data-folder': folder });
  setShare(box, tickedShare(all));
  const first = all.find((other) => !other.error) || track; // of failed files no tags are known
  const same = first.album && all.every((other) => other.error || other.album === first.album);
  const name = same ? [first.artist, first.album].filter(Boolean).join(' – ') : folder;
  const note = build('small', null, same ? ` ${folder}, ${plural(all.length, 'file')}` : ` ${plural(all.length, 'file')}`);
  const label = build('label', null, box, build('span', null, name), note);
  return build('tr', { class: 'album' }, build('th', { scope: 'rowgroup', colspan: 4 }, label));
}

function setShare(box, share) {
  box.checked = share === 1;
  box.indeterminate = share !== null && share > 0 && share < 1;
  box.disabled = share === null;
}

function row(track) {
  const name = build('button', { type: 'button', class: 'open', 'data-open': track.id }, track.title || track.file);
  const below = track.title ? [track.artist, track.file].filter(Boolean).join(' · ') : track.artist;
  const head = build('th', { scope: 'row' }, name, build('small', null, below || ''));
  const rest = track.error
    ? [build('td', { colspan: 3, class: 'failed' }, `Not classified: ${track.error}`)]
    : [...KINDS.map((kind) => build('td', null, ...chips(track, kind))), build('td', { class: 'number' }, sure(track))];
  return build('tr', { 'data-row': track.id }, head, ...rest);
}

function sure(track) {
  if (!Number.isFinite(track.least)) return '';
  const bar = build('span', { class: 'sure', 'aria-hidden': 'true' }, build('span'));
  bar.firstChild.style.width = percent(track.least);
  return build('span', null, bar, percent(track.least));
}

// After ticks: boxes and chips follow, the rest and the focus stay.
function redrawTicks() {
  for (const box of document.querySelectorAll('input[data-option]')) {
    const option = editOf(tracks[box.dataset.track], box.dataset.kind).options[box.dataset.option];
    box.checked = option.on;
  }
  for (const box of document.querySelectorAll('input[data-folder]')) setShare(box, tickedShare(inFolder(box.dataset.folder)));
}
