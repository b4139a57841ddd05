import { type ReactNode, useState } from 'react';

/** An optional part of a form, which opens by itself when it contains a message. */
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
