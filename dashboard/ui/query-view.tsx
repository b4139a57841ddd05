import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorNotice } from './error-notice.tsx';
import { Loading } from './loading.tsx';

/** Loading, error or data. After a failed refetch the earlier data is shown, with a notice. */
export function QueryView<T>(props: {
  readonly query: Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;
  readonly rows?: number;
  readonly children: (data: T) => ReactNode;
}) {
  const { data, error, refetch } = props.query;
  const retry = () => void refetch();
  if (data === undefined) {
    return error === null ? (
      <Loading {...(props.rows === undefined ? {} : { rows: props.rows })} />
    ) : (
      <ErrorNotice error={error} retry={retry} />
    );
  }
  return (
    <>
      {error !== null && <ErrorNotice error={error} retry={retry} />}
      {props.children(data)}
    </>
  );
}
