import { Page } from '../../parts/page.tsx';

export default function Problems() {
  return <Page title="Problems">{null}</Page>;
}
