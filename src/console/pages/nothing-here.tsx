import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { Empty } from '../parts/empty.tsx';
import { Page } from '../parts/page.tsx';

export default function NothingHere() {
  return (
    <Page title="Nothing here">
      <Empty title="There is no such page">
        <Anchor component={Link} to="/">
          Back to the overview
        </Anchor>
      </Empty>
    </Page>
  );
}
