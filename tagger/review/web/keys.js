// All of it by the keyboard; what is typed into a field is text and nothing else.

function toggleActive() {
  const row = activeRow();
  if (!row) return;
  if (row.tracks) toggleAlbum(row);
  else if (!row.error) {
    tickTrack(row, !isTicked(row));
    afterTicks([row]);
  }
}

function toggleAlbum(group) {
  const on = share(group.tracks) !== 1;
  for (const track of group.tracks) tickTrack(track, on && !track.error);
  afterTicks(group.tracks);
}

// Of those that the list shows, by their places.
function toggleTag(place) {
  const row = activeRow();
  if (!row || row.tracks || row.error) return;
  const all = KINDS.flatMap((kind) => shownOptions(row, kind).map((option) => [kind, option]));
  if (!all[place]) return;
  const [kind, option] = all[place];
  tick(row, kind, option, !option.on);
  afterTicks([row]);
}

function openActive() {
  const row = activeRow();
  if (row && !row.tracks) showDetail(row);
  else if (row) toggleAlbum(row);
}

// With a track open, moving on opens the next one.
function move(by) {
  step(by);
  const at = placeOf(shown.active);
  if (open && activeRow()?.tracks && shown.rows[at + by]) step(by);
  const row = activeRow();
  if (open && row && !row.tracks) showDetail(row, false);
}

async function listen() {
  const row = activeRow();
  if (open) togglePlay();
  else if (row && !row.tracks) {
    await showDetail(row, false);
    togglePlay();
  }
}

const KEYS = {
  j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
  ' ': toggleActive, Enter: openActive, p: listen,
  a: () => { const row = activeRow(); if (row) toggleAlbum(row.tracks ? row : row.group); },
  '/': () => byId('search').select(),
  w: confirmWrite, h: showHistory, s: toggleClassifying, '?': () => byId('help').showModal(),
};

// Controls do with these keys what they always do.
const OWN = { ' ': 'button, input, summary, select, audio, a', Enter: 'button, summary, a', ArrowDown: 'input:not([type=checkbox]), select, audio, .scroll', ArrowUp: 'input:not([type=checkbox]), select, audio, .scroll' };

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  const target = event.target;
  if (event.key === 'Escape') {
    if (target.id === 'search') byId('list').querySelector('[aria-selected=true]')?.focus();
    else closeDetail();
    return;
  }
  if (target.matches('input:not([type=checkbox]), select, textarea') && !(target.id === 'search' && event.key === 'ArrowDown')) return;
  if (OWN[event.key] && target.matches(OWN[event.key]) && target.id !== 'search') return;
  const action = KEYS[event.key] || (/^[1-9]$/.test(event.key) ? () => toggleTag(Number(event.key) - 1) : null);
  if (!action) return;
  event.preventDefault();
  action();
});
