import { Page } from '../../parts/page.tsx';

export default function Invocation() {
  return <Page title="Invocation">{null}</Page>;
}
