import { Page } from '../../parts/page.tsx';

export default function CommandEditor() {
  return <Page title="Command">{null}</Page>;
}
