// One row of the list: an album, or a track of it. Built anew when what it shows changes.

const SHOWN_GUESSES = { genre: 2, instrument: 1 };

function albumRow(group) {
  const first = group.tracks.find((track) => !track.error) || group.tracks[0];
  const single = first.album && group.tracks.every((track) => track.error || track.album === first.album);
  const artists = new Set(group.tracks.filter((track) => !track.error).map((track) => track.artist));
  const name = single ? [artists.size === 1 ? first.artist : 'Various artists', first.album].filter(Boolean).join(' – ') : group.path;
  const box = build('input', { type: 'checkbox', 'data-album': group.path, 'aria-label': `Album ${name}` });
  const cover = build('img', { class: 'cover', alt: '', loading: 'lazy', decoding: 'async', src: `api/tracks/${first.id}/cover` });
  cover.addEventListener('error', () => cover.replaceWith(build('span', { class: 'cover none', 'aria-hidden': 'true' }, '♪')));
  const text = build('div', { class: 'title' }, build('b', null, name), build('small', null, single ? `${plural(group.tracks.length, 'file')} · ${group.path}` : plural(group.tracks.length, 'file')));
  const cell = build('div', { role: 'gridcell', 'aria-colspan': '5' }, box, cover, text, build('div', { class: 'common' }, ...commonGenres(group)));
  return build('div', { role: 'row', class: 'row album', 'data-row': `album ${group.path}` }, cell);
}

// The genres that are most often ticked or guessed in an album, each to be given to all of it that has none.
function commonGenres(group) {
  const counts = new Map();
  const open = takers(group.tracks);
  const given = (name) => open.every((track) => track.genre.options.some((one) => one.name === name && one.on));
  for (const track of group.tracks) {
    for (const option of shownOptions(track, 'genre')) {
      const count = counts.get(option.name) || { on: 0, all: 0 };
      counts.set(option.name, { on: count.on + option.on, all: count.all + 1 });
    }
  }
  const most = [...counts].sort((a, b) => b[1].on - a[1].on || b[1].all - a[1].all).slice(0, 3);
  return most.map(([name, count]) => build('button', {
    type: 'button', class: 'chip genre', 'data-give': name, 'data-folder': group.path,
    'aria-pressed': !count.on ? 'false' : given(name) ? 'true' : 'mixed',
    title: `${name} for all files of the album, but those that have another genre`,
  }, name, build('small', null, ` ${count.on}/${group.tracks.length}`)));
}

// In the list: what is proposed or ticked; guesses only where there is nothing else.
function shownOptions(track, kind) {
  const edit = track[kind];
  const shown = edit.options.filter((option) => option.proposed || option.on);
  return shown.length || edit.before.length ? shown : edit.options.slice(0, SHOWN_GUESSES[kind]);
}

function shortChips(track, kind) {
  const edit = track[kind];
  const after = new Set(afterOf(edit));
  const now = edit.before.map((name) => build(after.has(name) ? 'span' : 'del', { class: 'chip now', title: 'the file has this now' }, name));
  const offered = shownOptions(track, kind).map((option) => optionChip(track, kind, edit.options.indexOf(option)));
  const unsure = !now.length && edit.options.length && !edit.options.some((option) => option.proposed || option.on);
  const mark = unsure ? [build('span', { class: 'unsure', title: 'not sure' }, '?')] : [];
  return now.length + offered.length ? [...mark, ...now, ...offered] : [build('span', { class: 'none' }, kind === 'genre' ? '?' : '–')];
}

function trackRow(track) {
  const title = track.title || track.file;
  const box = build('input', { type: 'checkbox', 'data-whole': track.id, 'aria-label': `Write ${title}` });
  box.checked = isTicked(track);
  box.disabled = Boolean(track.error) || !(isTicked(track) || whole(track).length);
  const name = build('button', { type: 'button', class: 'open', 'data-open': track.id }, title);
  const below = track.title ? [track.artist, track.file].filter(Boolean).join(' · ') : track.artist;
  const rest = track.error
    ? [build('div', { role: 'gridcell', 'aria-colspan': '3', class: 'failed' }, `Not classified: ${track.error}`)]
    : [...KINDS.map((kind) => build('div', { role: 'gridcell', class: `tags ${kind}` }, ...shortChips(track, kind))), build('div', { role: 'gridcell', class: 'state' }, outcome(track))];
  return build('div', { role: 'row', class: 'row track', 'data-row': `track ${track.id}` },
    build('div', { role: 'gridcell', class: 'pick' }, box), build('div', { role: 'rowheader', class: 'title' }, name, build('small', null, below || '')), ...rest);
}

const STATES = { changed: 'written', unchanged: 'as wished', refused: 'refused', failed: 'failed', restored: 'taken back' };

// What became of the file; before that, how sure the least sure of its ticked tags is.
function outcome(track) {
  const state = track.status ? build('small', { class: `outcome ${track.status}`, title: track.reason }, STATES[track.status]) : '';
  const p = least(track);
  if (!Number.isFinite(p)) return state || build('span', { class: 'none' }, '');
  const bar = build('span', { class: 'sure', 'aria-hidden': 'true' }, build('span'));
  bar.firstChild.style.width = percent(p);
  return build('span', null, bar, percent(p), state);
}
