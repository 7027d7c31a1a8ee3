import { notifications } from '@mantine/notifications';
import { detailOf } from './error-notice.tsx';

/** Says in passing what has come about. */
export function told(message: string, title?: string): void {
  notifications.show({ color: 'teal', message, ...(title === undefined ? {} : { title }) });
}

/** Says what went wrong, until somebody has read it and closes it. */
export function failed(error: unknown, title = 'This did not work'): void {
  notifications.show({ color: 'red', title, message: detailOf(error), role: 'alert', autoClose: false });
}
