const ENDS = ['pointerup', 'pointercancel'] as const;

let pressed = false;
window.addEventListener('pointerdown', () => setPressed(true), true);
for (const end of ENDS) window.addEventListener(end, () => setPressed(false), true);

function setPressed(now: boolean): void {
  pressed = now;
}

/**
 * Does it once the click that is under way is over. A field is left by a press on something else: what appears then
 * would move that away from under the pointer, and the click would miss it.
 */
export function afterPress(act: () => void): void {
  if (!pressed) {
    setTimeout(act);
    return;
  }
  const over = new AbortController();
  for (const end of ENDS) {
    window.addEventListener(
      end,
      () => {
        over.abort();
        // The click follows in the same task.
        setTimeout(act);
      },
      { signal: over.signal },
    );
  }
}
