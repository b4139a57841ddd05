import { type ReactNode, useId } from 'react';

export interface FieldLabels {
  readonly label: string;
  /** One short line under the field. */
  readonly help?: ReactNode | undefined;
  readonly error?: string | undefined;
  readonly optional?: boolean | undefined;
  /** Shows the label to screen readers only, in rows whose columns have headings. */
  readonly labelHidden?: boolean | undefined;
  /** Spans two columns of such a row. */
  readonly wide?: boolean | undefined;
}

interface FieldProps extends FieldLabels {
  readonly children: (control: {
    readonly id: string;
    readonly 'aria-invalid': true | undefined;
    readonly 'aria-describedby': string | undefined;
  }) => ReactNode;
}

/** Label, control, help and error, linked for screen readers. */
export function Field({ label, help, error, optional, labelHidden, wide, children }: FieldProps) {
  const id = useId();
  const described = [help === undefined ? null : `${id}-help`, error === undefined ? null : `${id}-error`]
    .filter((part) => part !== null)
    .join(' ');
  return (
    <div className={wide === true ? 'field wide' : 'field'}>
      <label htmlFor={id} className={labelHidden === true ? 'visually-hidden' : undefined}>
        {label}
        {optional === true && (
          <span className="optional" aria-hidden="true">
            {' '}
            optional
          </span>
        )}
      </label>
      {children({
        id,
        'aria-invalid': error === undefined ? undefined : true,
        'aria-describedby': described === '' ? undefined : described,
      })}
      {error !== undefined && (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
      {help !== undefined && (
        <p className="help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  );
}
