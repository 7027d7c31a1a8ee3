import { Page } from '../../parts/page.tsx';

export default function Portal() {
  return <Page title="Portal">{null}</Page>;
}
