import { httpConfigSchema } from '#domain/monitor.ts';

export const HTTP_METHODS = httpConfigSchema.shape.method.unwrap().options;
