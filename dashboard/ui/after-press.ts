const ENDS = ['pointerup', 'pointercancel'] as const;

let pressed = false;
window.addEventListener('pointerdown', () => setPressed(true), true);
for (const end of ENDS) window.addEventListener(end, () => setPressed(false), true);

function setPressed(now: boolean): void {
  pressed = now;
}

/**
 * Calls `act` after the current click. A press on another element blurs a field; a message shown at once would move the
 * pressed element away from the pointer, and the click would miss it.
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
        // The click event follows in the same task.
        setTimeout(act);
      },
      { signal: over.signal },
    );
  }
}
