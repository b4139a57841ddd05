import { type ReactNode, useId, useRef, useState } from 'react';
import { flushSync } from 'react-dom';

/** A button that asks for confirmation before an irreversible action. */
export function ConfirmButton(props: {
  readonly label: string;
  readonly question: string;
  readonly children: ReactNode;
  readonly confirmLabel: string;
  readonly className?: string;
  readonly ariaLabel?: string;
  readonly onConfirm: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [asking, setAsking] = useState(false);
  const id = useId();

  function ask(): void {
    // The question must be rendered before the dialog opens, so that its first button gets the focus.
    flushSync(() => setAsking(true));
    dialog.current?.showModal();
  }

  return (
    <>
      <button type="button" className={props.className ?? 'button'} aria-label={props.ariaLabel} onClick={ask}>
        {props.label}
      </button>
      <dialog ref={dialog} aria-labelledby={id} onClose={() => setAsking(false)}>
        {asking && (
          <>
            <h2 id={id}>{props.question}</h2>
            <p>{props.children}</p>
            <form method="dialog" className="actions">
              <button type="submit" className="button">
                Cancel
              </button>
              <button type="submit" className="button danger" onClick={props.onConfirm}>
                {props.confirmLabel}
              </button>
            </form>
          </>
        )}
      </dialog>
    </>
  );
}
