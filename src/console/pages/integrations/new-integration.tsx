import { Page } from '../../parts/page.tsx';

export default function NewIntegration() {
  return <Page title="New integration">{null}</Page>;
}
