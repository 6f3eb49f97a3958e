// What a person does, wired to what happens; and what the server does, shown.

let seen = 0; // changes that the server told of
let classifying = null;
let waiting = null;

// Show what ticks have changed.
function afterTicks(list) {
  redraw(list);
  redrawDetail();
  drawWrite();
}

let counting = null;

// Counting walks through all files; ticks that follow each other quickly are counted once.
function drawWrite() {
  clearTimeout(counting);
  counting = setTimeout(() => {
    const n = tracks.reduce((sum, track) => sum + (changes(track) > 0), 0);
    const running = lastRun && !lastRun.ended;
    byId('write').disabled = n === 0 || Boolean(running);
    byId('write').textContent = n ? `Write ${plural(n, 'file')}` : 'Nothing to write';
  }, 50);
}

function drawClassifying(now) {
  classifying = now;
  const box = byId('classifying'), over = now.state === 'done' || now.state === 'failed';
  box.hidden = over;
  byId('bar').max = now.total;
  byId('bar').value = now.done;
  const rate = now.done / Math.max(now.elapsed_s, 0.001);
  const left = now.state === 'stopped' ? 'stopped' : `${rate.toFixed(rate < 10 ? 1 : 0)} files/s · ${clock((now.total - now.done) / Math.max(rate, 0.001))} left`;
  byId('rate').textContent = `${now.done.toLocaleString('en')} of ${now.total.toLocaleString('en')} · ${left}`;
  byId('stop').textContent = now.state === 'stopped' ? 'Go on' : 'Stop';
  const parts = [data.roots.join(', '), over ? plural(now.done, 'file') : '', now.failed ? `${now.failed} failed` : '', `model ${data.model}`];
  byId('summary').textContent = parts.filter(Boolean).join(' · ');
  if (now.error) complain(`Classifying ended early: ${now.error}`);
}

async function toggleClassifying() {
  if (!classifying || byId('classifying').hidden) return;
  if (await tell(classifying.state === 'stopped' ? 'go-on' : 'stop', {})) hurry();
}

// Take what is new. Rows that are shown already are built anew, others wait for their turn.
function takeUpdate(update) {
  const count = tracks.length;
  const changed = update.tracks.map(takeRow);
  seen = update.seen;
  drawClassifying(update.classifying);
  showRun(update.run);
  if (!changed.length) return;
  redraw(changed); // rows that are there, and those of albums that have grown
  if (tracks.length > count) {
    drawNames();
    refresh();
  }
  if (open && changed.includes(open.row)) redrawDetail();
  drawWrite();
  prepare();
}

async function poll() {
  try {
    const update = await ask(`updates?since=${seen}`);
    takeUpdate(update);
    const busy = update.classifying.state === 'running' || (update.run && !update.run.ended);
    if (update.run?.ended) drawWrite();
    waiting = setTimeout(poll, update.seen < update.count ? 0 : busy ? 400 : 1500);
  } catch (error) {
    complain(error instanceof Refused ? error.message : GONE);
    if (!(error instanceof Refused)) waiting = setTimeout(poll, 3000);
  }
}

function hurry() {
  clearTimeout(waiting);
  poll();
}

document.addEventListener('change', (event) => {
  const { option, kind, track, whole, album } = event.target.dataset;
  if (option !== undefined) {
    tick(tracks[track], kind, tracks[track][kind].options[option], event.target.checked);
    afterTicks([tracks[track]]);
  } else if (whole !== undefined) {
    tickTrack(tracks[whole], event.target.checked);
    afterTicks([tracks[whole]]);
  } else if (album !== undefined) toggleAlbum(folders.get(album));
});

document.addEventListener('click', (event) => {
  const row = event.target.closest('.row');
  if (row && rowOf(row.dataset.row) !== shown.active) activate(rowOf(row.dataset.row), false);
  const button = event.target.closest('button[data-open], button[data-give], [data-close]');
  if (!button) return;
  if (button.dataset.open) showDetail(tracks[button.dataset.open]);
  else if (button.dataset.give) {
    const group = folders.get(button.dataset.folder);
    giveAll(group.tracks, button.dataset.give, button.getAttribute('aria-pressed') !== 'true');
    afterTicks(group.tracks);
  } else button.closest('dialog').close();
});

byId('list').addEventListener('scroll', () => requestAnimationFrame(drawRows), { passive: true });
byId('stop').addEventListener('click', toggleClassifying);
byId('show-help').addEventListener('click', () => byId('help').showModal());
addEventListener('resize', () => { drawRows(); drawTaggram(); });
narrow.addEventListener('change', () => { for (const element of built.values()) element.remove(); built.clear(); refresh(); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawTaggram);
addEventListener('pagehide', () => { if (unsent.size) send(); });
byId('more').addEventListener('click', () => byId('more').setAttribute('aria-expanded', String(byId('more').getAttribute('aria-expanded') !== 'true')));

async function start() {
  try {
    Object.assign(data, await ask('library'));
  } catch (error) {
    complain(error instanceof Refused ? error.message : GONE);
    return;
  }
  for (const kind of KINDS) {
    const known = data.labels.filter(([one]) => one === kind).map(([, name]) => name).sort(compare);
    document.body.append(build('datalist', { id: `names-${kind}` }, ...known.map((name) => build('option', { value: name }))));
  }
  poll();
}

start();
