import { Sparkline } from '@mantine/charts';
import '@mantine/charts/styles.css';

/** Loaded apart: what draws charts is large. */
export default function SuccessChart({ percents, color }: { percents: (number | null)[]; color: string }) {
  return (
    <Sparkline
      w="100%"
      h="100%"
      data={percents}
      color={color}
      fillOpacity={0.25}
      strokeWidth={1.5}
      areaProps={{ dot: { r: 1.5 }, isAnimationActive: false }}
    />
  );
}
