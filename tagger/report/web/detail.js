// One track: listen to it, see when each label was found, change its tags.

let open = null; // { track, from }

function showDetail(track, from) {
  open = { track, from };
  const panel = byId('detail');
  const close = build('button', { type: 'button', class: 'close', onclick: closeDetail }, 'Close');
  const heading = build('h2', { tabindex: '-1' }, track.title || track.file);
  const facts = [track.artist, track.album, track.duration_s && clock(track.duration_s)].filter(Boolean).join(' · ');
  panel.replaceChildren(close, heading, build('p', null, facts), build('p', { class: 'path' }, track.path));
  for (const note of track.notes) panel.append(build('p', { class: 'note' }, note));
  if (track.error) panel.append(build('p', { class: 'failed' }, `Not classified: ${track.error}`));
  else panel.append(player(track), taggram(track), ...KINDS.map((kind) => tagForm(track, kind)));
  panel.hidden = false;
  heading.focus();
  drawTaggram();
  for (const row of document.querySelectorAll('tr[data-row]')) row.classList.toggle('chosen', Number(row.dataset.row) === track.id);
}

function closeDetail() {
  if (!open) return;
  const from = open.from;
  open = null;
  byId('detail').replaceChildren();
  byId('detail').hidden = true;
  document.querySelector('tr.chosen')?.classList.remove('chosen');
  if (from && from.isConnected) from.focus();
}

function player(track) {
  const box = build('div', { class: 'player' });
  const audio = build('audio', { controls: true, preload: 'none', src: track.uri, 'aria-label': 'The file itself' });
  audio.addEventListener('error', () => box.replaceChildren(
    build('p', { class: 'note' }, 'The browser cannot play this file from here.')));
  box.append(audio);
  return box;
}

function playFrom(seconds) {
  const audio = document.querySelector('#detail audio');
  if (!audio) return;
  audio.currentTime = seconds;
  audio.play().catch(() => say('The browser cannot play this file from here.'));
}

function tagForm(track, kind) {
  const list = build('div', { class: 'chips' }, ...chips(track, kind));
  const field = build('input', { type: 'text', list: `names-${kind}`, autocomplete: 'off', maxlength: 200 });
  const add = (event) => {
    event.preventDefault();
    say(addTyped(track, kind, field.value));
    field.value = '';
    list.replaceChildren(...chips(track, kind));
    afterTick(track);
  };
  const form = build('form', { onsubmit: add },
    build('label', null, `Add a${kind === 'genre' ? '' : 'n'} ${kind} `, field), build('button', null, 'Add'));
  return build('section', null, build('h3', null, kind === 'genre' ? 'Genres' : 'Instruments'), list, form);
}
