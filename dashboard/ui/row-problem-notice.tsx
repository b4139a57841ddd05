import type { RowProblem } from '#domain/api/row-problem.ts';

/** Says that a stored object cannot be read in part; nothing while it can. */
export function RowProblemNotice({ problem }: { readonly problem: RowProblem | undefined }) {
  if (problem === undefined) return null;
  return (
    <div className="notice warning" role="status">
      <p>
        {problem.message} <span className="quiet small-text">Unreadable: {problem.paths.join(', ')}.</span>
      </p>
    </div>
  );
}
