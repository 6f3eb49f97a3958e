// All that a page of another port can try, once it knows where a review is.
async (target) => {
    const found = {};
    const attempt = async (name, deed) => {
        try { found[name] = await deed(); } catch { found[name] = 'refused'; }
    };
    const read = (path, options) => async () => (await (await fetch(target + path, options)).text()).slice(0, 80);
    const all = { credentials: 'include' };
    await attempt('read', read('api/library', all));
    await attempt('read rows', read('api/updates?since=0', all));
    await attempt('read page', read('', all));
    await attempt('read blindly', read('api/library', { ...all, mode: 'no-cors' }));
    const post = { ...all, method: 'POST', body: '{"upto": 999}' };
    await attempt('write', read('api/write', { ...post, headers: { 'Content-Type': 'application/json' } }));
    await attempt('write blindly', read('api/write', { ...post, mode: 'no-cors' }));
    await attempt('write as text', read('api/write', { ...post, headers: { 'Content-Type': 'text/plain' } }));
    navigator.sendBeacon(`${target}api/write`, new Blob(['{"upto": 999}'], { type: 'text/plain' }));
    const loads = (element, event, path) => new Promise((resolve) => {
        element.addEventListener(event, () => resolve('loaded'));
        element.addEventListener('error', () => resolve('refused'));
        element.src = target + path;
        document.body.append(element);
        setTimeout(() => resolve('refused'), 3000);
    });
    await attempt('picture', () => loads(new Image(), 'load', 'api/tracks/0/cover'));
    await attempt('icon', () => loads(new Image(), 'load', 'icon.svg'));
    await attempt('sound', () => loads(new Audio(), 'canplay', 'api/tracks/0/sound'));
    await attempt('script', () => loads(document.createElement('script'), 'load', 'api/library'));
    const frame = document.createElement('iframe');
    await loads(frame, 'load', '');
    await attempt('frame', () => frame.contentDocument === null ? 'refused' : frame.contentDocument.title);
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: `${target}api/write`, target: 'sink', enctype: 'text/plain' });
    const sink = document.createElement('iframe');
    sink.name = 'sink';
    document.body.append(form, sink);
    form.submit();
    const tab = window.open(target);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await attempt('tab', () => tab.document.title);
    return found;
}
