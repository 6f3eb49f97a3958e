// What a person does, wired to what happens.

let unsaved = false;

function drawSummary() {
  const failed = tracks.filter((track) => track.error).length;
  const changed = tracks.filter(trackChanged).length;
  const parts = [plural(tracks.length, 'file'), `${changed.toLocaleString('en')} with proposed changes`];
  if (failed) parts.push(`${failed} failed`);
  if (data.model) parts.push(`model ${data.model}`);
  byId('summary').textContent = parts.join(' · ');
}

let counting = null;

// Counting walks the whole plan; ticks that follow each other quickly are counted once.
function drawPending() {
  clearTimeout(counting);
  counting = setTimeout(countPending, 50);
}

function countPending() {
  const { files } = editedPlan();
  const changes = files.reduce((sum, file) => sum + changesOf(file).length, 0);
  byId('pending').textContent = `${plural(changes, 'change')} in ${plural(files.length, 'file')}`;
}

function afterTick(track) {
  unsaved = true;
  if (track) {
    const old = document.querySelector(`tr[data-row="${track.id}"]`);
    if (old) old.replaceWith(row(track));
    if (open && open.track === track) document.querySelector(`tr[data-row="${track.id}"]`)?.classList.add('chosen');
  }
  redrawTicks();
  drawPending();
}

function download() {
  const text = `${JSON.stringify(editedPlan(), null, 1)}\n`;
  const link = build('a', { download: 'plan.json', href: URL.createObjectURL(new Blob([text], { type: 'application/json' })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  unsaved = false;
  say('plan.json downloaded; apply it with: musictag apply plan.json');
}

function onTick(event) {
  const box = event.target;
  if (box.dataset.option !== undefined) editOf(tracks[box.dataset.track], box.dataset.kind).options[box.dataset.option].on = box.checked;
  else if (box.dataset.folder !== undefined) setAll(inFolder(box.dataset.folder), box.checked);
  else return;
  afterTick(null);
}

function onSort(button) {
  const sort = button.dataset.sort;
  shown.down = shown.sort === sort && !shown.down;
  shown.sort = sort;
  for (const other of document.querySelectorAll('button[data-sort]')) {
    const head = other.parentElement;
    if (other === button) head.setAttribute('aria-sort', shown.down ? 'descending' : 'ascending');
    else head.removeAttribute('aria-sort');
  }
  refresh();
}

function turnPage(step) {
  shown.page += step;
  drawTable();
  byId('tracks').scrollIntoView();
  say(byId('where').textContent);
}

for (const kind of KINDS) {
  const names = [...new Set([...data.labels.filter(([k]) => k === kind).map(([, name]) => name), ...tracks.flatMap((track) => track[kind])])].sort(compare);
  byId(kind).append(...names.map((name) => build('option', { value: name }, name)));
  document.body.append(build('datalist', { id: `names-${kind}` }, ...names.map((name) => build('option', { value: name }))));
}
byId('filters').addEventListener('input', refresh);
byId('filters').addEventListener('submit', (event) => event.preventDefault());
byId('filters').addEventListener('reset', () => setTimeout(refresh));
byId('previous').addEventListener('click', () => turnPage(-1));
byId('next').addEventListener('click', () => turnPage(1));
byId('download').addEventListener('click', download);
byId('untick').addEventListener('click', () => { setAll(shown.list, false); afterTick(null); say(`${plural(shown.list.length, 'file')} unticked`); });
byId('tick').addEventListener('click', () => { setAll(shown.list, true); afterTick(null); say(`${plural(shown.list.length, 'file')} ticked as proposed`); });
document.addEventListener('change', onTick);
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') closeDetail(); });
document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-open], button[data-sort]');
  if (!button) return;
  if (button.dataset.sort) onSort(button);
  else showDetail(tracks[button.dataset.open], button);
});
addEventListener('resize', drawTaggram);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawTaggram);
addEventListener('beforeunload', (event) => { if (unsaved) event.preventDefault(); });

drawSummary();
drawOverview();
refresh();
drawPending();
