// Write, undo, and what came of it.

let lastRun = null;

const WORDS = { changed: ['written', 'taken back'], unchanged: ['as wished already', 'as before already'], refused: ['refused', 'refused'], failed: ['failed', 'failed'] };

function showRun(run) {
  const before = JSON.stringify(lastRun);
  lastRun = run;
  if (!run || JSON.stringify(run) === before) return;
  const undoing = run.kind === 'undo';
  const what = Object.entries(run.counts).map(([status, n]) => `${n.toLocaleString('en')} ${WORDS[status][undoing ? 1 : 0]}`).join(', ');
  const parts = [];
  if (run.error) parts.push(build('p', { class: 'failed' }, run.error));
  else if (!run.ended) parts.push(build('p', null, `${undoing ? 'Taking back' : 'Writing'} … ${run.done.toLocaleString('en')} of ${run.total.toLocaleString('en')}`), build('progress', { max: run.total || 1, value: run.done, 'aria-label': 'Files' }));
  else parts.push(build('p', { class: 'done' }, `${undoing ? 'Undo' : 'Run'} ${run.run || ''}: ${what || 'nothing was left to do'}`));
  if (run.ended && run.counts.changed) parts.push(build('button', { type: 'button', onclick: () => undo(run.run) }, undoing ? 'Write again' : 'Undo'));
  if (run.ended && (run.counts.refused || run.counts.failed)) parts.push(build('button', { type: 'button', onclick: showFailed }, 'Show these'));
  if (run.ended) parts.push(build('button', { type: 'button', class: 'close', onclick: () => { byId('run').hidden = true; } }, 'Close'));
  if (run.notes.length) parts.push(build('details', null, build('summary', null, plural(run.notes.length, 'note')), build('ul', null, ...run.notes.map((note) => build('li', null, note)))));
  byId('run').replaceChildren(...parts);
  byId('run').hidden = false;
  if (run.ended) say(run.error || what);
}

function showFailed() {
  byId('filters').reset();
  byId('state').value = 'failed';
  setTimeout(() => { byId('state').value = 'failed'; narrowed(); });
}

async function undo(run) {
  byId('history').close();
  if (await tell('undo', { run })) hurry();
}

// What the person agrees to is what they see: files that come in meanwhile wait for the next time.
let agreed = 0;

async function confirmWrite() {
  if (byId('write').disabled || !await send()) return;
  agreed = tracks.length;
  const plan = await ask('plan', { upto: agreed }).catch(() => null);
  if (!plan) return;
  byId('confirm-text').textContent = `${plural(plan.changes, 'change')} in ${plural(plan.files, 'file')}.`;
  byId('confirm').showModal();
}

async function write() {
  byId('confirm').close();
  if (await tell('write', { upto: agreed })) hurry();
}

async function showHistory() {
  const runs = await ask('history').catch((error) => { complain(error.message); return null; });
  if (!runs) return;
  const head = build('tr', null, ...['Run', 'When', 'What', 'Files', 'State'].map((text) => build('th', { scope: 'col' }, text)));
  const table = build('table', null, build('thead', null, head), build('tbody', null, ...runs.map(runRow)));
  byId('past').replaceChildren(runs.length ? table : build('p', { class: 'none' }, 'No tags were written yet.'));
  byId('history').showModal();
}

function runRow(run) {
  const what = run.undoes ? `undo of run ${run.undoes}` : run.mode || 'plan';
  const files = Object.entries(run.counts).map(([status, n]) => `${n.toLocaleString('en')} ${status}`).join(', ');
  const state = run.undone ? 'undone' : run.taken_back ? `partly undone (${run.taken_back})` : run.ended ? '' : 'cut off';
  const button = run.undone || !run.counts.changed ? '' : build('button', { type: 'button', 'aria-label': `${run.undoes ? 'Redo' : 'Undo'} run ${run.undoes || run.run}`, onclick: () => undo(run.run) }, run.undoes ? 'Redo' : 'Undo');
  const when = new Date(run.started).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' });
  return build('tr', null, build('th', { scope: 'row' }, String(run.run)), build('td', null, when), build('td', { title: run.roots.join('\n') }, what), build('td', null, files || 'none'), build('td', null, state, ' ', button));
}

byId('write').addEventListener('click', confirmWrite);
byId('confirm-write').addEventListener('click', write);
byId('show-history').addEventListener('click', showHistory);
