import { startConsole } from './running.ts';
import { seed } from './seed.ts';

/** `node test/support/console/serve.ts`: the seeded console for a person to look at, until Ctrl-C. */
const running = await startConsole(process.env.PORT === undefined ? {} : { PORT: process.env.PORT });
await seed(running);
console.log(`${running.url}\nAPI key: ${running.adminKey}`);
process.once('SIGINT', () => void running.stop().then(() => process.exit(0)));
process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)));
