import type { ComponentProps } from 'react';
import { Field, type FieldLabels } from './field.tsx';

interface TextFieldProps extends FieldLabels, Omit<ComponentProps<'input'>, 'id' | 'onChange'> {
  readonly value: string;
  readonly onText: (text: string) => void;
}

/** A field of one line of text. */
export function TextField({ label, help, error, optional, labelHidden, wide, onText, ...input }: TextFieldProps) {
  return (
    <Field label={label} help={help} error={error} optional={optional} labelHidden={labelHidden} wide={wide}>
      {(control) => <input {...control} {...input} onChange={(event) => onText(event.target.value)} />}
    </Field>
  );
}
