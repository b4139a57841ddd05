import { type ReactNode, useId, useRef } from 'react';

/** A button that asks once more before it does what cannot be undone. */
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
  const id = useId();
  return (
    <>
      <button
        type="button"
        className={props.className ?? 'button danger'}
        aria-label={props.ariaLabel}
        onClick={() => dialog.current?.showModal()}
      >
        {props.label}
      </button>
      <dialog ref={dialog} aria-labelledby={id}>
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
      </dialog>
    </>
  );
}
