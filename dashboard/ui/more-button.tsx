/** Loads the next page of a list, if there is one. */
export function MoreButton(props: {
  readonly query: { readonly hasNextPage: boolean; readonly isFetchingNextPage: boolean; fetchNextPage(): unknown };
}) {
  const { query } = props;
  if (!query.hasNextPage) return null;
  return (
    <p className="more">
      <button
        type="button"
        className="button small"
        disabled={query.isFetchingNextPage}
        onClick={() => query.fetchNextPage()}
      >
        {query.isFetchingNextPage ? 'Loading…' : 'Show older'}
      </button>
    </p>
  );
}
