import { z } from 'zod';

// zod compiles object schemas with `new Function` where it may; the content security policy forbids it and
// the browser reports each try. Imported before anything that builds a schema.
z.config({ jitless: true });
