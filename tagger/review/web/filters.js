// Which of the tracks are shown.

const compare = new Intl.Collator('en', { numeric: true }).compare;
const SHOW = {
  all: () => true,
  ticked: (track) => changes(track) > 0,
  unsure: isUnsure,
  edited: (track) => track.edited,
  written: (track) => track.status === 'changed',
  failed: (track) => Boolean(track.error) || track.status === 'refused' || track.status === 'failed',
};

const has = (track, kind, name) => track[kind].before.includes(name)
  || track[kind].options.some((option) => option.name === name && (option.on || option.proposed || isUnsure(track)));

function chosen() {
  const words = fold(byId('search').value).split(/\s+/).filter(Boolean);
  const state = SHOW[byId('state').value];
  const wanted = KINDS.map((kind) => byId(kind).value);
  return tracks.filter((track) => state(track)
    && words.every((word) => foundIn(track).includes(word))
    && KINDS.every((kind, i) => !wanted[i] || has(track, kind, wanted[i])));
}

function refresh() {
  showTracks(chosen());
  byId('count').textContent = shown.tracks.length === tracks.length ? plural(tracks.length, 'file') : `${plural(shown.tracks.length, 'file')} of ${tracks.length.toLocaleString('en')}`;
}

function narrowed() {
  byId('list').scrollTop = 0;
  refresh();
  say(`${plural(shown.tracks.length, 'file')} shown`);
}

// Names come in while files are classified; what is chosen stays chosen.
function drawNames() {
  const all = KINDS.map((kind) => [...names[kind]].sort(compare));
  KINDS.forEach((kind, i) => {
    const field = byId(kind);
    if (field.options.length === all[i].length + 1) return;
    const value = field.value;
    field.replaceChildren(build('option', { value: '' }, 'any'), ...all[i].map((name) => build('option', { value: name }, name)));
    field.value = value;
    drawAcceptable(all);
  });
}

function drawAcceptable(all) {
  const field = byId('accept-name'), value = field.value;
  const groups = KINDS.map((kind, i) => build('optgroup', { label: `${kind}s` }, ...all[i].map((name) => build('option', { value: `${kind} ${name}` }, name))));
  field.replaceChildren(build('option', { value: '' }, 'what is proposed'), ...groups);
  field.value = value;
}

byId('filters').addEventListener('input', (event) => { if (!event.target.id.startsWith('accept')) narrowed(); });
byId('filters').addEventListener('submit', (event) => event.preventDefault());
byId('filters').addEventListener('reset', () => setTimeout(narrowed));
byId('accept').addEventListener('click', () => {
  const [kind, ...name] = byId('accept-name').value.split(' ');
  accept(shown.tracks, kind, name.join(' '), Number(byId('accept-least').value));
  afterTicks(shown.tracks);
  say(`Ticked in ${plural(shown.tracks.length, 'file')}`);
});
byId('refuse').addEventListener('click', () => {
  for (const track of shown.tracks) tickTrack(track, false);
  afterTicks(shown.tracks);
  say(`${plural(shown.tracks.length, 'file')} unticked`);
});
