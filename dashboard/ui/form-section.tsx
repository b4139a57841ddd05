import { type ReactNode, useState } from 'react';

/** A part of a form that most people need not see: it opens by itself when a message stands inside. */
export function FormSection(props: {
  readonly summary: string;
  readonly startsOpen?: boolean;
  readonly hasErrors: boolean;
  readonly children: ReactNode;
}) {
  const [open, setOpen] = useState(props.startsOpen === true);
  return (
    <details
      className="form-section"
      open={open || props.hasErrors}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{props.summary}</summary>
      {props.children}
    </details>
  );
}
