import { z } from 'zod';
import { timestamp } from '#domain/api/common.ts';

/** Small answers that are not resources. */
export const checkAcceptedSchema = z.object({ scheduledAt: timestamp });
export const testSentSchema = z.object({ deliveryId: z.string() });
