/** The product's mark and name. */
export function Brand() {
  return (
    <>
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="#10171d" />
        <path
          d="M4 19c4 0 4-5 8-5s4 8 8 8 4-11 8-11"
          fill="none"
          stroke="#3cc2ad"
          strokeWidth="3"
          strokeLinecap="round"
        />
      </svg>
      BlackTide
    </>
  );
}
