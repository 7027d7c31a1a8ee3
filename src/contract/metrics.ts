/** The media type of Prometheus' text format. */
export const metricsMediaType = 'text/plain; version=0.0.4; charset=utf-8';
