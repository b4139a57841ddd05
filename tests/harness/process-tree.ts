import { execFileSync } from 'node:child_process';

/** A process and everything it started, directly or not, in whatever process group. */
export function processTree(root: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const tree = [root];
  for (const pid of tree) tree.push(...rows.filter(([, parent]) => parent === pid).map(([child]) => child ?? 0));
  return tree;
}
