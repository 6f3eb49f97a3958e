// The only place where the page speaks with its server.

class Refused extends Error {}

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  };
  const answer = await fetch(`api/${path}`, options);
  if (!answer.ok) throw new Refused((await answer.text()).trim() || `error ${answer.status}`);
  return answer.json();
}

// For what a person asked for: what goes wrong is said where it can be seen.
async function tell(path, body) {
  try {
    await ask(path, body);
    return true;
  } catch (error) {
    complain(error instanceof Refused ? error.message : GONE);
    return false;
  }
}

const GONE = 'musictag has ended. Start it again with: musictag review';

function complain(text) {
  byId('run').replaceChildren(build('p', { class: 'failed' }, text));
  byId('run').hidden = false;
  say(text);
}
