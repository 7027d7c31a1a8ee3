import { createClient } from 'errand/client';

const { ERRAND_URL: url = 'http://127.0.0.1:3000', ERRAND_API_KEY: apiKey = '' } = process.env;

/** One for the whole process: it holds no connection, and asks for nothing before it is used. */
export const errand = createClient({ url, apiKey });

/** The command that customers' administrators configure for their own invoice server. */
export const command = 'GetInvoiceImage';
