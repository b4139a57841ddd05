/**
 * Keeps an open page current; the page is complete without it. The script fetches the page every 30 s while the tab is
 * visible (the answer is usually 304), replaces the content in place, keeps open tables open, does not disturb a
 * selection, and says when the content may be old.
 */
export const REFRESH_SCRIPT = `
(() => {
  const sheet = document.querySelector('.sheet');
  let shown = sheet.innerHTML;
  const refresh = async () => {
    if (document.hidden || !getSelection().isCollapsed) return;
    try {
      const answer = await fetch(location.pathname, { cache: 'no-cache', signal: AbortSignal.timeout(15000) });
      if (!answer.ok) throw new Error(answer.status);
      show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
      document.documentElement.classList.toggle('outdated', answer.headers.has('warning'));
    } catch {
      document.documentElement.classList.add('outdated');
    }
  };
  const show = (next) => {
    const fresh = next.querySelector('.sheet');
    if (fresh.innerHTML === shown) return;
    shown = fresh.innerHTML;
    for (const { id } of sheet.querySelectorAll('details[open]')) next.getElementById(id)?.setAttribute('open', '');
    const focused = document.activeElement.closest('details')?.id;
    const before = document.title;
    sheet.replaceChildren(...fresh.childNodes);
    if (focused) document.getElementById(focused)?.querySelector('summary').focus();
    document.title = next.title;
    document.querySelector('link[rel=icon]').href = next.querySelector('link[rel=icon]').href;
    if (before !== next.title) document.querySelector('[role=status]').textContent = next.title;
  };
  setInterval(refresh, 30000);
  document.addEventListener('visibilitychange', refresh);
})();
`.trim();
