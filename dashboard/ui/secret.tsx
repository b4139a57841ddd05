import { useRef, useState } from 'react';

/** A secret that is shown once. */
export function Secret({ label, value }: { readonly label: string; readonly value: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);

  async function copy(): Promise<void> {
    // Over plain http from another machine there is no clipboard API, so the secret is selected for copying by hand.
    field.current?.select();
    if (navigator.clipboard === undefined) return;
    await navigator.clipboard.writeText(value);
    setCopied(true);
  }

  return (
    <div className="secret">
      <input ref={field} aria-label={label} className="mono" readOnly value={value} />
      <button type="button" className="button" onClick={() => void copy()}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}
