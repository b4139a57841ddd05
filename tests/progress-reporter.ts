import { appendFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { lineOf, type Step } from './progress.ts';

/** The environment variable with which tests/run.ts names the progress file. */
export const PROGRESS_FILE = 'BLACKTIDE_TEST_PROGRESS';

/** A vitest reporter for tests/run.ts that writes the start and the end of each file, test and hook immediately. */
export class ProgressReporter implements Reporter {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  onTestModuleQueued(module: TestModule): void {
    this.#write('began', module.relativeModuleId);
  }

  onTestModuleEnd(module: TestModule): void {
    this.#write('ended', module.relativeModuleId);
  }

  onTestCaseReady(test: TestCase): void {
    this.#write('began', nameOf(test));
  }

  onTestCaseResult(test: TestCase): void {
    this.#write('ended', nameOf(test));
  }

  onHookStart({ name, entity }: Parameters<NonNullable<Reporter['onHookStart']>>[0]): void {
    this.#write('began', `${entityName(entity)} (${name})`);
  }

  onHookEnd({ name, entity }: Parameters<NonNullable<Reporter['onHookEnd']>>[0]): void {
    this.#write('ended', `${entityName(entity)} (${name})`);
  }

  #write(kind: Step['kind'], what: string): void {
    appendFileSync(this.#file, lineOf({ atMs: Date.now(), kind, what }));
  }
}

function entityName(entity: Parameters<NonNullable<Reporter['onHookStart']>>[0]['entity']): string {
  if (entity.type === 'module') return entity.relativeModuleId;
  return `${entity.module.relativeModuleId} > ${entity.fullName}`;
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}
