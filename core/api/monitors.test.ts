import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storedMonitor } from '#core/services/monitors/stored.ts';
import { ingestResults } from '#db/sql/ingest.ts';
import { incidents, monitors, notifications, publishQueue, shards } from '#db/schema.ts';
import { resultId } from '#domain/result.ts';
import { createTestDatabase } from '#tests/database.ts';
import { CHANNEL, MONITOR } from './sample-objects.ts';
import { type Browser, startTestApp, type TestApp } from './test-app.ts';
