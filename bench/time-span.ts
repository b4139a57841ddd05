/** A span of time in milliseconds since the epoch; `to` is infinite while the span has not ended. */
export interface TimeSpan {
  readonly from: number;
  to: number;
}

/** The spans of one kind, in the order in which they began. */
export class TimeSpans {
  readonly all: TimeSpan[] = [];

  begin(): TimeSpan {
    const span = { from: Date.now(), to: Number.POSITIVE_INFINITY };
    this.all.push(span);
    return span;
  }

  end(span: TimeSpan): void {
    span.to = Date.now();
  }

  /** True when a span, extended by the margins, contains `at`. */
  cover(at: number, beforeMs: number, afterMs: number): boolean {
    return this.all.some((span) => at >= span.from - beforeMs && at <= span.to + afterMs);
  }

  /** The longest part of the given span that is in none of these spans. */
  longestFree({ from, to }: TimeSpan): number {
    let longest = 0;
    let free = from;
    for (const span of this.all.toSorted((a, b) => a.from - b.from)) {
      if (span.from > to) break;
      longest = Math.max(longest, span.from - free);
      free = Math.max(free, span.to);
    }
    return Math.max(longest, to - free);
  }
}
