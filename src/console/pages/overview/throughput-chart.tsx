import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { countWords } from '../../parts/measures.ts';
import { barTime } from './bar-time.ts';
import type { Bar, RangeName } from './range.ts';

const series = [
  { name: 'succeeded', label: 'Succeeded', color: 'teal.7' },
  { name: 'absent', label: 'Absent', color: 'gray.6' },
  { name: 'failed', label: 'Failed', color: 'red.7' },
];

/** How many ended, and how. What it says is beside it in words and in a table. */
export default function ThroughputChart({ bars, range, label }: { bars: Bar[]; range: RangeName; label: string }) {
  return (
    <div role="img" aria-label={label}>
      <BarChart
        h={220}
        type="stacked"
        data={bars.map(({ at, ...counts }) => ({ ...counts, time: barTime(at, range) }))}
        dataKey="time"
        series={series}
        withLegend
        legendProps={{ verticalAlign: 'bottom', height: 32 }}
        valueFormatter={countWords}
        yAxisProps={{ width: 52, allowDecimals: false }}
        xAxisProps={{ minTickGap: 40 }}
        barProps={{ isAnimationActive: false }}
        maxBarWidth={28}
        accessibilityLayer={false}
      />
    </div>
  );
}
