import { Page } from '../../parts/page.tsx';

export default function Invocations() {
  return <Page title="Invocations">{null}</Page>;
}
