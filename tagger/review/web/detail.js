// One track: listen to it, see when each label was found, change its tags.

let open = null; // { track: the track and all there is to say of it, row }

async function showDetail(row, focus = true) {
  const wasPlaying = isPlaying();
  const panel = byId('detail');
  open = { row, track: row };
  const details = await ask(`tracks/${row.id}`).catch(() => null);
  if (!open || open.row !== row || !details) return; // another one was asked for meanwhile
  open.track = { ...row, ...details };
  panel.replaceChildren(...content(open.track, row));
  panel.hidden = false;
  drawTaggram();
  if (focus) panel.querySelector('h2').focus();
  if (wasPlaying) playFrom(0);
}

function content(track, row) {
  const close = build('button', { type: 'button', class: 'close', onclick: closeDetail }, 'Close');
  const cover = build('img', { class: 'cover', alt: '', src: `api/tracks/${track.id}/cover` });
  cover.addEventListener('error', () => cover.remove());
  const heading = build('h2', { tabindex: '-1' }, track.title || track.file);
  const facts = [track.artist, track.album, track.duration_s && clock(track.duration_s)].filter(Boolean).join(' · ');
  const top = build('div', { class: 'top' }, cover, build('div', null, heading, build('p', null, facts), build('p', { class: 'path' }, track.path)));
  const notes = [...track.notes, track.reason && `${STATES[track.status]}: ${track.reason}`].filter(Boolean);
  const said = notes.map((note) => build('p', { class: 'note' }, note));
  if (track.error) return [close, top, ...said, build('p', { class: 'failed' }, `Not classified: ${track.error}`)];
  return [close, top, ...said, player(track), ...KINDS.map((kind) => tagForm(row, kind)), taggram(track)];
}

function closeDetail() {
  if (!open) return;
  open = null;
  byId('detail').replaceChildren();
  byId('detail').hidden = true;
  elementOf(shown.active)?.focus();
}

function player(track) {
  const box = build('div', { class: 'player' });
  const audio = build('audio', { controls: true, preload: 'none', src: `api/tracks/${track.id}/sound`, 'aria-label': 'The file itself' });
  audio.addEventListener('error', () => {
    if (!audio.src.includes('?wave')) { // a kind that browsers do not play: a plain copy of it
      const goOn = !audio.paused, at = audio.currentTime;
      audio.src = `api/tracks/${track.id}/sound?wave`;
      if (goOn) playFrom(at);
    } else box.replaceChildren(build('p', { class: 'note' }, 'This file cannot be played.'));
  });
  box.append(audio);
  return box;
}

const isPlaying = () => { const audio = document.querySelector('#detail audio'); return Boolean(audio && !audio.paused); };

function playFrom(seconds) {
  const audio = document.querySelector('#detail audio');
  if (!audio) return;
  audio.currentTime = seconds;
  audio.play().catch(() => {}); // what went wrong is said by the player
}

function togglePlay() {
  const audio = document.querySelector('#detail audio');
  if (!audio) return;
  if (audio.paused) audio.play().catch(() => {});
  else audio.pause();
}

function tagForm(track, kind) {
  const list = build('div', { class: 'chips', 'data-chips': kind }, ...chips(track, kind));
  const field = build('input', { type: 'text', list: `names-${kind}`, autocomplete: 'off', maxlength: 100 });
  const add = (event) => {
    event.preventDefault();
    say(addTyped(track, kind, field.value));
    field.value = '';
    afterTicks([track]);
  };
  const form = build('form', { onsubmit: add },
    build('label', null, `Add a${kind === 'genre' ? '' : 'n'} ${kind} `, field), build('button', null, 'Add'));
  return build('section', null, build('h3', null, kind === 'genre' ? 'Genres' : 'Instruments'), list, form);
}

// After ticks elsewhere the chips here follow, and the focus stays.
function redrawDetail() {
  if (!open) return;
  for (const kind of KINDS) {
    const list = document.querySelector(`#detail [data-chips=${kind}]`);
    if (!list) continue;
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.option : null;
    list.replaceChildren(...chips(open.row, kind));
    if (focused !== null) list.querySelector(`[data-option="${focused}"]`)?.focus();
  }
}
