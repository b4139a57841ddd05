import { connect } from '@nats-io/transport-node';
import { SetupError } from './setup-error.ts';

const CONNECT_TIMEOUT_MS = 8000;

/** Throws one sentence when NATS_URL cannot be used. */
export async function checkNats(url: string): Promise<void> {
  try {
    const connection = await connect({ servers: url, timeout: CONNECT_TIMEOUT_MS, reconnect: false });
    await connection.close();
  } catch (error) {
    throw new SetupError(
      `NATS_URL: the NATS server at ${new URL(url).host} cannot be used: ${(error as Error).message}.`,
    );
  }
}
