/** From when to when something held, in milliseconds since the epoch; `to` is infinite while it does. */
export interface TimeSpan {
  readonly from: number;
  to: number;
}

/** Spans of one kind, as they begin and end. */
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

  /** True when one of them, made longer by the margins, holds the moment. */
  cover(at: number, beforeMs: number, afterMs: number): boolean {
    return this.all.some((span) => at >= span.from - beforeMs && at <= span.to + afterMs);
  }

  /** The longest time within the span in which none of them held. */
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
