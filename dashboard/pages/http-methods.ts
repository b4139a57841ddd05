import { httpConfigSchema } from '#domain/check/monitor.ts';

export const HTTP_METHODS = httpConfigSchema.shape.method.unwrap().options;
