import { Page } from '../../parts/page.tsx';

export default function Batch() {
  return <Page title="Batch">{null}</Page>;
}
